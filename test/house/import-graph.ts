import { execFile } from 'node:child_process';
import path from 'node:path';

/** One import, as the compiler resolved it. */
export interface Import {
  /** Importing file, relative to the root of the program, e.g. `src/hub/hub.ts`. */
  readonly from: string;
  /** The words of the import, e.g. `../bus/bus.js`. */
  readonly specifier: string;
  /** Imported file relative to the root, or `node_modules/<package>`. */
  readonly to: string;
}

/**
 * Every import of a program whose root holds a tsconfig.json: static, type-only and dynamic ones, `import()` types,
 * re-exports, aliases, triple-slash references. The compiler is asked why each file belongs to the program, so what
 * it resolves is what is listed. Modules of Node itself are no files, and not in the list.
 * @param program folder of another program of the same root, with a tsconfig.json of its own.
 */
export async function importsOf(root: string, tsc: string, program = root): Promise<Import[]> {
  const output = await runTsc(tsc, [
    '-p',
    program,
    '--noEmit',
    '--noCheck',
    '--pretty',
    'false',
    '--explainFiles',
  ]);
  const imports: Import[] = [];
  let to = '';
  for (const line of output.split('\n')) {
    if (/^\S/.test(line)) {
      to = shorten(root, line.trim());
      continue;
    }
    const reason =
      /^\s+(?:Imported|Referenced|Type library referenced) via ['"](.+?)['"] from file '(.+?)'/.exec(line);
    if (reason === null) continue;
    const [, specifier = '', importer = ''] = reason;
    const from = shorten(root, importer);
    if (!from.startsWith('node_modules/')) imports.push({ from, specifier, to });
  }
  return imports;
}

/** Runs the compiler to its end, whatever it thinks of the program; resolves to what it printed. */
export async function runTsc(tsc: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [tsc, ...args],
      { maxBuffer: 256 << 20, timeout: 120_000, cwd: '/' },
      (error, stdout, stderr) => {
        // The compiler ends with 1 or 2 when it has complaints; they are in its output.
        if (error !== null && typeof error.code !== 'number') reject(error);
        else if (stdout === '' && stderr !== '') reject(new Error(stderr));
        else resolve(stdout);
      },
    );
  });
}

/** Paths come relative to the working directory, which is `/`. */
function shorten(root: string, file: string): string {
  const inPackage = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);
  if (inPackage !== null) return `node_modules/${inPackage[1]}`;
  return path.relative(root, path.resolve('/', file));
}
