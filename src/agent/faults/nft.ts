import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../../errors.js';

const exec = promisify(execFile);
/** nft may take so long, milliseconds. */
const withinMs = 5_000;
const mostOutput = 4 * 2 ** 20;
/** Where nft is although many users have it not on their PATH. */
const forAdmins = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Directories where nft may be. */
export function programDirectories(env: NodeJS.ProcessEnv): string[] {
  return [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...forAdmins];
}

/** Where nft is; undefined: nowhere. */
export async function findNft(directories: readonly string[]): Promise<string | undefined> {
  for (const dir of directories) {
    const file = join(dir, 'nft');
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}

/** Gives nft one transaction. Throws `NFT_FAILED` with what it said; then nothing has changed. */
export function runNft(nft: string, transaction: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(nft, ['-f', '-'], { cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new PosternError('NFT_FAILED', `nft failed: ${why}`));
    };
    child.stdin.on('error', () => {});
    child.stdin.end(transaction);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_096);
    });
    child.once('error', (error) => fail(errorText(error)));
    child.once('close', (status) => {
      clearTimeout(timer);
      if (status === 0) resolve();
      else fail(said.split('\n').find((line) => /error/i.test(line)) ?? (said.trim() || `status ${status}`));
    });
  });
}

/** A table of ours as JSON (libnftables-json(5)). Throws where there is none. */
export async function listTable(nft: string, table: string): Promise<string> {
  const { stdout } = await exec(nft, ['-j', 'list', 'table', 'inet', table], {
    cwd: '/',
    timeout: withinMs,
    maxBuffer: mostOutput,
  });
  return stdout;
}

/** Removes a table of ours, whether it is there or not. Throws `NFT_FAILED`. */
export function dropTable(nft: string, table: string): Promise<void> {
  return runNft(nft, `add table inet ${table}\ndelete table inet ${table}\n`);
}
