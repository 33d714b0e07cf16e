/** Python: an environment of its own from PyPI, and stubs by grpcio-tools. */
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { kept } from '../kept.js';
import { findToolchain, type Toolchain, type ToolSearch } from '../toolchain.js';
import { hashOf, protoDir } from './protos.js';
import { runTool } from './run-tool.js';

const requirements = path.join(checkoutRoot, 'clients/examples/python/requirements.txt');

/** Finds Python 3.10 or newer. Throws `NO_TOOLCHAIN`. */
export function python(search: ToolSearch = {}): Promise<Toolchain> {
  return findToolchain(
    {
      name: 'Python',
      command: 'python3',
      // Debian has these two in packages of their own.
      ask: ['-c', 'import sys, venv, ensurepip; print("Python", sys.version)'],
      version: /^Python (\d+\.\d+\.\d+)/,
      oldest: [3, 10],
      hint: 'install Python 3.10 or newer with venv (Debian and Ubuntu: apt install python3-venv) and try again',
    },
    search,
  );
}

/** The Python of an environment that has what `clients/examples/python/requirements.txt` names; made where it is not there. */
export async function pythonEnvironment(): Promise<string> {
  const { command, version } = await python();
  const key = await hashOf([requirements], version);
  return kept(path.join(checkoutRoot, '.tools/python'), key, 'bin/python', async (into) => {
    await runTool(command, ['-m', 'venv', into]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    await runTool(path.join(into, 'bin/python'), [...pip, '--only-binary=:all:', '-r', requirements]);
  });
}

/** Writes modules `PACKAGE/FILE_pb2.py`, their types and `PACKAGE/FILE_pb2_grpc.py`. */
export async function pythonStubs(protos: readonly string[], into: string): Promise<void> {
  const out = ['--python_out', '--pyi_out', '--grpc_python_out'].map((option) => `${option}=${into}`);
  const args = ['-m', 'grpc_tools.protoc', `--proto_path=${protoDir}`, ...out, ...protos];
  await runTool(await pythonEnvironment(), args);
}
