import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, type FileHandle } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { errorText, PosternError } from '../../../errors.js';

/** A program may take so long, milliseconds. */
const withinMs = 5_000;
const mostOutput = 4 * 2 ** 20;
const mostSaid = 4_096;
/** Where administrators' programs are although many users have them not on their PATH. */
const forAdmins = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Directories where programs may be. */
export function programDirectories(env: NodeJS.ProcessEnv): string[] {
  return [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...forAdmins];
}

/** Where a program is; undefined: nowhere. */
export async function findProgram(directories: readonly string[], name: string): Promise<string | undefined> {
  for (const dir of directories) {
    const file = join(dir, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}

/** What a program is given, and how its failure is called. */
export interface RunOptions {
  /** What comes to its input. */
  readonly input?: string;
  /** A file that is its input. */
  readonly inputFrom?: FileHandle;
  /** Code of the error when it fails. Default `PROGRAM_FAILED`. */
  readonly code?: string;
}

/** Runs a program to its end; resolves to what it printed. Throws with what it said of why it failed. */
export function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
  const { input, inputFrom, code = 'PROGRAM_FAILED' } = options;
  const name = file.slice(file.lastIndexOf('/') + 1);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', stdio: [inputFrom?.fd ?? 'pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = child;
    const printed: Buffer[] = [];
    let bytes = 0;
    let said = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new PosternError(code, `${name} failed: ${why}`));
    };
    stdin?.on('error', () => {});
    stdin?.end(input ?? '');
    stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostOutput) child.kill('SIGKILL');
      else printed.push(chunk);
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-mostSaid);
    });
    child.once('error', (error) => fail(errorText(error)));
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (status === 0) resolve(Buffer.concat(printed));
      else fail(whyOf(said) || (signal === null ? `status ${status}` : `it was ended by ${signal}`));
    });
  });
}

/** The line of what a program said that tells why it failed. */
function whyOf(said: string): string {
  const lines = said.split('\n').filter((line) => /[a-z]/i.test(line));
  return lines.find((line) => /error/i.test(line)) ?? lines.join('; ');
}
