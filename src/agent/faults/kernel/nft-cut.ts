import { errorText } from '../../../errors.js';
import type { Logger } from '../../../log.js';
import type { HubPlaces } from '../hub-places.js';
import type { Act, Healed, Injection } from '../injection.js';
import type { UndoShelf } from '../undo-shelf.js';
import { droppedOf, renewalText, tableText } from './cut-table.js';
import { disturbanceOf } from './disturbance.js';
import { listTable, runNft } from './nft.js';

/** The kernel ends a cut that nobody renews after so long, milliseconds. */
export const leaseMs = 15_000;
/** A cut is renewed this often, milliseconds. */
const renewEveryMs = 5_000;
/** What a step between two clocks may make of a time, milliseconds. */
const slackMs = 100;

/** For how long a cut is made now: never beyond its end, so that it ends in time whatever becomes of the agent. */
export function leaseOf(endsAtMs: number): number {
  return Math.max(1, Math.min(leaseMs, endsAtMs - Date.now()));
}

/** A cut that was made. */
export interface NftCutOptions {
  readonly places: HubPlaces;
  readonly undo: UndoShelf;
  readonly act: Act;
  /** Interfaces at which datagrams vanish. */
  readonly quietAt: readonly string[];
  readonly name: string;
  readonly nft: string;
  readonly table: string;
  /** Addresses of the hub. */
  readonly hub: readonly string[];
  readonly endsAtMs: number;
  /** The guardian is not needed any more. */
  readonly release: () => void;
  readonly log: Logger;
}

/** A cut by nftables that acts: renews it until its end. */
export class NftCut implements Injection {
  readonly by = 'nft';
  readonly atMs = Date.now();
  readonly #options: NftCutOptions;
  readonly #hub: Set<string>;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** When the kernel ends it, Unix milliseconds. */
  #lastsUntilMs: number;
  /** It has ended before its time, for a while. */
  #hasLapsed = false;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: NftCutOptions) {
    this.#options = options;
    this.#hub = new Set(options.hub);
    this.#lastsUntilMs = Date.now() + leaseOf(options.endsAtMs);
    this.#renewLater();
  }

  async heal(): Promise<Healed> {
    const { undo, name, release } = this.#options;
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    this.#lookForLapse();
    const healed = await undo.undo(name);
    release();
    const atMs = healed?.atMs ?? Date.now();
    if (!this.#hasLapsed) return { atMs };
    const message = 'the kernel healed it for a while: the agent stood still, or could not renew it';
    return { atMs, code: 'FAULT_DIFFERED', message };
  }

  async dropped(): Promise<number> {
    const { nft, table } = this.#options;
    return droppedOf(await listTable(nft, table));
  }

  #lookForLapse(): void {
    const { endsAtMs } = this.#options;
    if (Math.min(Date.now(), endsAtMs) > this.#lastsUntilMs + slackMs) this.#hasLapsed = true;
  }

  #renewLater(): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew().finally(() => {
        if (!this.#isOver) this.#renewLater();
      });
    }, renewEveryMs);
  }

  async #renew(): Promise<void> {
    const { nft, table, act, quietAt, endsAtMs, places, log } = this.#options;
    this.#lookForLapse();
    if (Date.now() >= endsAtMs) return;
    // The hub may have told of other servers of its bus meanwhile.
    for (const address of await places.addresses()) this.#hub.add(address);
    const disturbance = { ...disturbanceOf(act, [...this.#hub]), quietAt };
    const lastsMs = leaseOf(endsAtMs);
    try {
      await runNft(nft, renewalText(table, disturbance, lastsMs)).catch(() => {
        // Somebody has removed the table.
        this.#hasLapsed = true;
        return runNft(nft, tableText(table, disturbance, lastsMs));
      });
      this.#lastsUntilMs = Date.now() + lastsMs;
    } catch (thrown) {
      log.warn({ table, err: errorText(thrown) }, 'a cut was not renewed');
    }
  }
}
