import { removal } from './cut-table.js';
import { findProgram, runProgram } from './programs.js';

export { programDirectories } from './programs.js';

/** Where nft is; undefined: nowhere. */
export function findNft(directories: readonly string[]): Promise<string | undefined> {
  return findProgram(directories, 'nft');
}

/** Gives nft one transaction. Throws `NFT_FAILED` with what it said; then nothing has changed. */
export async function runNft(nft: string, transaction: string): Promise<void> {
  await runProgram(nft, ['-f', '-'], { input: transaction, code: 'NFT_FAILED' });
}

/** A table of ours as JSON (libnftables-json(5)). Throws where there is none. */
export async function listTable(nft: string, table: string): Promise<string> {
  const printed = await runProgram(nft, ['-j', 'list', 'table', 'inet', table], { code: 'NFT_FAILED' });
  return printed.toString('utf8');
}

/** Removes a table of ours, whether it is there or not, and what goes with it. Throws `NFT_FAILED`. */
export async function dropTable(nft: string, table: string): Promise<void> {
  // Not every kernel and nft has the family `netdev`; then there is nothing of it either.
  await runNft(nft, removal(table, true)).catch(() => runNft(nft, removal(table, false)));
}
