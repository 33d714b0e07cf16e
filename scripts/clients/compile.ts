/** Whether stubs are good: all of them, not only those that an example uses. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { goToolchain } from '../go-toolchain.js';
import { goModule } from './go.js';
import { pythonEnvironment } from './python.js';
import { runTool } from './run-tool.js';
import { type Language, stubs } from './stubs.js';

const importAll = 'import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)';

const checks: Readonly<Record<Language, (directory: string) => Promise<unknown>>> = {
  // In one process, whose registry of descriptors takes no name twice.
  python: async (directory) => {
    const modules = (await filesIn(directory, '.py')).map((file) =>
      file.slice(0, -3).replaceAll(path.sep, '.'),
    );
    const env = { PYTHONPATH: directory, PYTHONDONTWRITEBYTECODE: '1' };
    await runTool(await pythonEnvironment(), ['-c', importAll, ...modules], env);
  },
  go: async () => {
    const { command } = await goToolchain();
    await runTool(command, ['build', `${goModule}/...`], { CGO_ENABLED: '0' }, 'clients/examples/go');
  },
  // The crate was compiled whole when the example was.
  rust: async () => {},
  typescript: async (directory) => {
    const tsc = path.join(checkoutRoot, 'node_modules/typescript/bin/tsc');
    const files = (await filesIn(directory, '.ts')).map((file) => path.join(directory, file));
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--types', 'node'];
    await runTool(process.execPath, [
      tsc,
      ...options,
      '--target',
      'es2023',
      '--module',
      'nodenext',
      ...files,
    ]);
  },
};

/** Makes the stubs of a language where they are not there, and compiles all of them. Throws what the compiler says. */
export async function compileStubs(language: Language): Promise<void> {
  await checks[language](await stubs(language));
}

async function filesIn(directory: string, ending: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((file) => file.endsWith(ending)).sort();
}
