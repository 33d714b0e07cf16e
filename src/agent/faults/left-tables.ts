import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { dropTable, findNft, listTable, programDirectories } from './kernel/nft.js';

const exec = promisify(execFile);
/** nft may take so long, milliseconds. */
const withinMs = 5_000;
const mostOutput = 4 * 2 ** 20;
const ofFaults = /^postern_fault_[0-9a-f]{16}$/;

const tables = z.object({
  nftables: z.array(z.object({ table: z.object({ name: z.string() }).optional() }).loose()),
});

/** A table of a fault of which no agent's directory knows. */
export interface LeftTable {
  readonly table: string;
  /** It still does something: its agent is there, or has been until just now. */
  readonly acts: boolean;
  /** Removes it. Throws `NFT_FAILED`. */
  remove(): Promise<void>;
}

/** Tables of faults in the network of this process; none where it may not look. `known`: those that are left alone. */
export async function leftTables(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): Promise<LeftTable[]> {
  const nft = await findNft(programDirectories(env));
  if (nft === undefined) return [];
  const options = { cwd: '/', timeout: withinMs, maxBuffer: mostOutput };
  const listed = await exec(nft, ['-j', 'list', 'tables'], options).catch(() => undefined);
  if (listed === undefined) return [];
  const { nftables } = tables.parse(JSON.parse(listed.stdout));
  // A fault can have one of the family `inet` and one of `netdev`, of the same name; they go together.
  const names = nftables.flatMap(({ table }) =>
    table !== undefined && ofFaults.test(table.name) && !known.has(table.name) ? [table.name] : [],
  );
  return Promise.all(
    [...new Set(names)].map(async (table) => ({
      table,
      // All that such a table does hangs on elements that the kernel removes in time.
      acts: /"expires":\s*[1-9]/.test(await listTable(nft, table).catch(() => '')),
      remove: () => dropTable(nft, table),
    })),
  );
}
