import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PosternError } from '../errors.js';

/** The programs that make a lab, and the Debian package of each. */
const packages = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  sh: 'dash',
} as const;

type ToolName = keyof typeof packages;

/** Where each program is. */
export type LabTools = Readonly<Record<ToolName, string>>;

/** Where these programs are although many users have it not on their PATH. */
const forAdmins = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Finds the programs that a lab needs, on PATH and where administrators have theirs. Throws `LAB_UNSUPPORTED` on
 * systems other than Linux, `LAB_TOOLS_MISSING` with all that are missing and what to install. `also`: where else to look.
 */
export async function findLabTools(
  env: NodeJS.ProcessEnv,
  also: readonly string[] = forAdmins,
): Promise<LabTools> {
  if (process.platform !== 'linux') {
    throw new PosternError(
      'LAB_UNSUPPORTED',
      `a lab is made of Linux namespaces, and this is ${process.platform}`,
      { hint: 'run it in a Linux machine' },
    );
  }
  const dirs = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...also];
  const find = (name: ToolName): Promise<string | undefined> => firstExecutable(dirs, name);
  const [ip, nft, unshare, nsenter, setpriv, mount, sh] = await Promise.all([
    find('ip'),
    find('nft'),
    find('unshare'),
    find('nsenter'),
    find('setpriv'),
    find('mount'),
    find('sh'),
  ]);
  const found = { ip, nft, unshare, nsenter, setpriv, mount, sh };
  if (complete(found)) return found;
  const names: readonly ToolName[] = ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'mount', 'sh'];
  const missing = names.filter((name) => found[name] === undefined);
  const install = [...new Set(missing.map((name) => packages[name]))];
  throw new PosternError('LAB_TOOLS_MISSING', `a lab needs ${missing.join(', ')}, not found on PATH`, {
    hint: `Debian and Ubuntu: apt install ${install.join(' ')}; elsewhere: iproute2, nftables and util-linux`,
  });
}

function complete(found: Partial<Record<ToolName, string | undefined>>): found is LabTools {
  return Object.values(found).every((path) => path !== undefined);
}

async function firstExecutable(dirs: readonly string[], name: string): Promise<string | undefined> {
  for (const dir of dirs) {
    const file = join(dir, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Look in the next one.
    }
  }
  return undefined;
}
