/** The programs in `clients/examples`, each built from stubs that are made of the protos as they are now. */
import path from 'node:path';
import { checkoutRoot, compiledRoot } from '../../test/support/processes.js';
import { goBuilt } from '../go-tool.js';
import { alone } from '../kept.js';
import { pythonEnvironment } from './python.js';
import { runTool } from './run-tool.js';
import { cargoBuilt } from './rust.js';
import { type Language, stubs, stubsDir } from './stubs.js';

/** How to run a program. */
export interface Example {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The example's folder, relative to the checkout. */
export function exampleDir(language: Language | 'dart'): string {
  return `clients/examples/${language}`;
}

const builders: Readonly<Record<Language, (folder: string) => Promise<Example>>> = {
  python: async (folder) => ({
    command: await pythonEnvironment(),
    args: [path.join(checkoutRoot, folder, 'main.py')],
    env: { PYTHONPATH: stubsDir('python'), PYTHONDONTWRITEBYTECODE: '1' },
  }),
  go: async (folder) => ({
    command: await goBuilt(folder, 'client', { from: [path.relative(checkoutRoot, stubsDir('go'))] }),
    args: [],
    env: {},
  }),
  rust: async (folder) => ({ command: await cargoBuilt(folder, 'postern-client'), args: [], env: {} }),
  typescript: async (folder) => {
    const out = path.join(checkoutRoot, '.tools/typescript', path.basename(compiledRoot));
    const tsc = path.join(checkoutRoot, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '-p', path.join(checkoutRoot, folder), '--outDir', out];
    await alone(`${out}-tsc`, () => runTool(process.execPath, args));
    const program = path.join(out, path.relative('clients', folder), 'main.js');
    return { command: process.execPath, args: [program], env: {} };
  },
};

/** Makes stubs and builds the example, where anything has changed. Throws what the tools of the language say. */
export async function example(language: Language): Promise<Example> {
  await stubs(language);
  return builders[language](exampleDir(language));
}
