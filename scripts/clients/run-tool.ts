import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../../src/errors.js';
import { checkoutRoot } from '../../test/support/processes.js';

/** A build from source, with all that it downloads, in milliseconds. */
const toolMs = 600_000;

/** Runs a tool to its end, in the checkout's root or a directory of it. Throws `TOOL_FAILED` with what it says last. */
export async function runTool(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  directory = '.',
): Promise<string> {
  const options = {
    cwd: path.resolve(checkoutRoot, directory),
    env: { ...process.env, ...env },
    timeout: toolMs,
    maxBuffer: 16 << 20,
  };
  try {
    return (await promisify(execFile)(command, [...args], options)).stdout;
  } catch (cause) {
    const name = [path.basename(command), ...args].join(' ').slice(0, 200);
    throw new PosternError('TOOL_FAILED', `${name}: ${lastLines(cause)}`, { cause });
  }
}

function lastLines(thrown: unknown): string {
  const said = [stream(thrown, 'stderr'), stream(thrown, 'stdout')].join('\n');
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-15).join('\n') || errorText(thrown);
}

function stream(thrown: unknown, name: 'stderr' | 'stdout'): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  return String(Object.getOwnPropertyDescriptor(thrown, name)?.value ?? '');
}
