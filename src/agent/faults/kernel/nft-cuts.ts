import { readFile } from 'node:fs/promises';
import type { Logger } from '../../../log.js';
import { actGuarded } from '../guarded.js';
import type { GuardianLink } from '../guardian-link.js';
import type { HubPlaces } from '../hub-places.js';
import type { Asked, Injection } from '../injection.js';
import type { UndoShelf } from '../undo-shelf.js';
import { tableName, tableText } from './cut-table.js';
import { disturbanceOf } from './disturbance.js';
import { runNft } from './nft.js';
import { leaseMs, leaseOf, NftCut } from './nft-cut.js';

/** Of more interfaces than this none is watched for datagrams: a kernel takes 256 at a time. */
const mostQuiet = 64;

/** What disturbances by nftables need. */
export interface NftCutsOptions {
  readonly places: HubPlaces;
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
  /** Part of the names of the tables: what tells this agent from others. */
  readonly owner: string;
  readonly log: Logger;
}

/** Disturbs packets of this machine by nftables, in tables of its own that the kernel empties in time. */
export class NftCuts {
  readonly #options: NftCutsOptions;

  constructor(options: NftCutsOptions) {
    this.#options = options;
  }

  /** Disturbs with the nft that is there. Throws what went wrong; then nothing of it is left. */
  async cut(nft: string, asked: Asked): Promise<Injection> {
    const { owner, places } = this.#options;
    const { name, endsAtMs } = asked;
    const table = tableName(owner, name);
    const hub = await places.addresses();
    const disturbance = disturbanceOf(asked, hub);
    const { acted: quietAt, release } = await actGuarded(
      this.#options,
      asked,
      { do: 'drop-table', nft, table, leaseMs },
      () => cutOff(nft, (quiet) => tableText(table, { ...disturbance, quietAt: quiet }, leaseOf(endsAtMs))),
    );
    return new NftCut({ ...this.#options, act: asked, quietAt, name, nft, table, hub, endsAtMs, release });
  }
}

/** Makes a table whose datagrams vanish at the interfaces that there are, or where that cannot be, one that drops them. */
async function cutOff(nft: string, text: (quietAt: readonly string[]) => string): Promise<readonly string[]> {
  const devices = await deviceNames();
  if (devices.length > 0 && devices.length <= mostQuiet) {
    const isQuiet = await runNft(nft, text(devices)).then(
      () => true,
      () => false,
    );
    if (isQuiet) return devices;
  }
  await runNft(nft, text([]));
  return [];
}

/** Network interfaces of this process's network but loopback. */
async function deviceNames(): Promise<string[]> {
  const text = await readFile('/proc/net/dev', 'latin1').catch(() => '');
  return [...text.matchAll(/^ *([^\s:"]+):/gm)].flatMap(([, name = 'lo']) => (name === 'lo' ? [] : [name]));
}
