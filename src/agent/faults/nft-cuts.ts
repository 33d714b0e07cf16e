import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { type CutScope, tableName, tableText } from './cut-table.js';
import type { GuardianLink } from './guardian-link.js';
import type { HubPlaces } from './hub-places.js';
import type { Asked, Injection, Refusal } from './injection.js';
import { findNft, programDirectories, runNft } from './nft.js';
import { leaseMs, leaseOf, NftCut } from './nft-cut.js';
import type { UndoShelf } from './undo-shelf.js';

/** What cuts by nftables need. */
export interface NftCutsOptions {
  readonly places: HubPlaces;
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
  /** Part of the names of the tables: what tells this agent from others. */
  readonly owner: string;
  /** Where nft is looked for; default: on PATH, and where administrators have it. */
  readonly directories?: readonly string[];
  readonly log: Logger;
}

/** Cuts this machine off by nftables, in tables of its own that the kernel empties in time. */
export class NftCuts {
  readonly #options: NftCutsOptions;
  #probed: Promise<string | Refusal> | undefined;

  constructor(options: NftCutsOptions) {
    this.#options = options;
  }

  /** Where nft is, when it can do what a cut needs; else why not. */
  probe(): Promise<string | Refusal> {
    this.#probed ??= this.#probe();
    return this.#probed;
  }

  /** Cuts. Throws `UNSUPPORTED`, and what went wrong; then nothing of it is left. */
  async cut(scope: CutScope, { name, endsAtMs }: Asked, hub: readonly string[]): Promise<Injection> {
    const { undo, guardian, owner } = this.#options;
    const nft = await this.probe();
    if (typeof nft !== 'string') throw new PosternError(nft.code, nft.message);
    const table = tableName(owner, name);
    await undo.put(name, { do: 'drop-table', nft, table, leaseMs }, endsAtMs);
    let release = () => {};
    try {
      release = await guardian.watch();
      await runNft(nft, tableText(table, scope, hub, leaseOf(endsAtMs)));
    } catch (thrown) {
      await undo.undo(name);
      release();
      throw thrown;
    }
    return new NftCut({ ...this.#options, scope, name, nft, table, hub, endsAtMs, release });
  }

  async #probe(): Promise<string | Refusal> {
    const code = 'UNSUPPORTED';
    if (process.platform !== 'linux') {
      return { code, message: `packets are dropped by nftables of Linux, and this is ${process.platform}` };
    }
    const nft = await findNft(this.#options.directories ?? programDirectories(process.env));
    if (nft === undefined)
      return { code, message: 'nft was not found on PATH (Debian: apt install nftables)' };
    const table = tableName(this.#options.owner, `probe ${process.pid}`);
    const hub = ['192.0.2.1', '2001:db8::1'];
    // A lease that ends at once, of addresses that are nobody's; gone again in the same transaction.
    const text = `${tableText(table, 'hub', hub, 1)}${tableText(table, 'peers', hub, 1)}`;
    try {
      await runNft(nft, `${text}delete table inet ${table}\n`);
      return nft;
    } catch (thrown) {
      return {
        code,
        message: `${errorText(thrown)}; dropping packets needs the right to administer this network (CAP_NET_ADMIN: root)`,
      };
    }
  }
}
