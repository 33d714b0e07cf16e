/** Chromium for the tests that look at pages. As a program it prints where it is. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { errorText, PosternError } from '../src/errors.js';
import { debianFiles, findOnPath } from './debian-tool.js';

/** A browser, and what it takes to run it. */
export interface BrowserTool {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The smallest of Debian's: it has no window. */
const debianPackage = 'chromium-headless-shell';
const names = [debianPackage, 'chromium', 'chromium-browser', 'google-chrome'];

/**
 * A Chromium from PATH; else Debian's is unpacked into `.tools/debian` together with what it needs beyond this system, about
 * 100 MB to download. Throws `NO_TOOL` with what to install where that cannot be done.
 */
export async function browserTool(): Promise<BrowserTool> {
  for (const name of names) {
    const found = await findOnPath(name);
    if (found !== undefined) return { path: found, env: process.env };
  }
  try {
    const dir = await debianFiles(debianPackage, undefined, { dependencies: true });
    return { path: path.join(dir, 'usr/lib/chromium', debianPackage), env: await surroundings(dir) };
  } catch (thrown) {
    throw new PosternError('NO_TOOL', `there is no Chromium: ${errorText(thrown)}`, {
      hint: `install Chromium (Debian: apt install ${debianPackage}) and try again`,
      cause: thrown,
    });
  }
}

/** The environment in which an unpacked browser finds its libraries, and fonts where the system has none. */
async function surroundings(dir: string): Promise<NodeJS.ProcessEnv> {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const folders = ['usr/lib', 'lib'].map((folder) => path.join(dir, folder, `${machine}-linux-gnu`));
  const libraries = [...folders, path.join(dir, `usr/lib/${machine}-linux-gnu/pulseaudio`)];
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(path.delimiter) };
  const hasFonts = await access('/etc/fonts/fonts.conf').then(
    () => true,
    () => false,
  );
  if (hasFonts) return env;
  // Its fonts.conf names the fonts of the system, and those of the user, who is told to have them here.
  const [FONTCONFIG_PATH, XDG_DATA_HOME] = [path.join(dir, 'etc/fonts'), path.join(dir, 'usr/share')];
  return { ...env, FONTCONFIG_PATH, XDG_DATA_HOME };
}

if (import.meta.filename === process.argv[1]) {
  try {
    process.stdout.write(`${(await browserTool()).path}\n`);
  } catch (thrown) {
    const hint = thrown instanceof PosternError && thrown.hint !== undefined ? `\n${thrown.hint}` : '';
    process.stderr.write(`${errorText(thrown)}${hint}\n`);
    process.exitCode = 1;
  }
}
