import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode } from '../../private-file.js';
import { type Check, fail, ok, quoted, skipped, warn } from './check.js';

/** What holds secrets in a data directory. */
const secretPlaces = ['keys', 'tokens', 'agent', 'nats'];
/** Files below these are looked at; a store of the server has many, which one directory's mode guards. */
const deepPlaces = ['keys', 'tokens', 'agent'];
/** So many are named in one line, and so many looked at. */
const [mostNamed, mostSeen] = [20, 10_000];

interface Seen {
  readonly path: string;
  readonly directory: boolean;
  readonly mode: number;
  readonly uid: number;
}

/** Whether the data directory and its secrets are this user's, and nobody else can read them. */
export const dataFilesCheck: Check = {
  name: 'data directory',
  async run({ data }) {
    const top = await seen(data);
    if (top === undefined) return skipped(`there is no ${data}: no hub or agent has run with it`);
    if (!top.directory) return fail(`${data} is no directory`, 'name another one with --data DIR');
    const all = [top, ...(await everything(data))];
    const own = process.getuid?.();
    const foreign = all.filter(({ uid }) => own !== undefined && uid !== own);
    if (foreign.length > 0) {
      return fail(
        `${listed(foreign)} belong to another user`,
        `as root: \`chown -R ${own} ${quoted(data)}\`; or run postern as the user who owns it`,
      );
    }
    const open = all.filter(({ path, mode }) => path !== data && (mode & 0o077) !== 0);
    if (open.length > 0) {
      const commands = [
        chmod(
          700,
          open.filter(({ directory }) => directory),
        ),
        chmod(
          600,
          open.filter(({ directory }) => !directory),
        ),
      ].filter((command) => command !== '');
      return fail(
        `other users of this machine can get at ${listed(open)}`,
        `\`${commands.join(' && ')}\`; keys that somebody may have read are worth nothing any more`,
      );
    }
    if ((top.mode & 0o022) !== 0) {
      return fail(`other users of this machine can write to ${data}`, `\`chmod 700 ${quoted(data)}\``);
    }
    if ((top.mode & 0o077) !== 0) {
      return warn(`other users of this machine can look into ${data}`, `\`chmod 700 ${quoted(data)}\``);
    }
    return ok(`${data}, for this user alone`);
  },
};

/** The secret directories, and the files below them. */
async function everything(data: string): Promise<Seen[]> {
  const found: Seen[] = [];
  const walk = async (path: string, deep: boolean): Promise<void> => {
    const one = await seen(path);
    if (one === undefined || found.length >= mostSeen) return;
    found.push(one);
    if (!deep || !one.directory) return;
    for (const name of await readdir(path)) await walk(join(path, name), deep);
  };
  for (const place of secretPlaces) await walk(join(data, place), deepPlaces.includes(place));
  return found;
}

async function seen(path: string): Promise<Seen | undefined> {
  try {
    const found = await lstat(path);
    return { path, directory: found.isDirectory(), mode: found.mode & 0o777, uid: found.uid };
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}

function chmod(mode: number, files: readonly Seen[]): string {
  if (files.length === 0) return '';
  return `chmod ${mode} ${files
    .slice(0, mostNamed)
    .map(({ path }) => quoted(path))
    .join(' ')}`;
}

function listed(files: readonly Seen[]): string {
  const rest = files.length > 3 ? ` and ${files.length - 3} more` : '';
  return `${files
    .slice(0, 3)
    .map(({ path }) => path)
    .join(', ')}${rest}`;
}
