import { disturbUntil } from '../../wire/impaired/disturb-until.js';
import type { Disturbance } from '../../wire/impaired/disturbance.js';
import type { Way } from '../../wire/impaired/way.js';
import { plainAddress } from '../faults/plain-address.js';
import type { RelaySpec } from '../relay-spec.js';
import { type RelayWays, waysOf } from './relay-ways.js';

/** A disturbance of what comes from some addresses alone. */
interface Particular {
  readonly disturbance: Disturbance;
  readonly from: readonly string[];
}

/** The ways of a relay: those of all that goes through it, and of what comes from each address. */
export class ClientWays {
  readonly all: RelayWays;
  readonly #particular = new Set<Particular>();
  readonly #branches = new Map<string, Branch>();

  constructor(spec: RelaySpec) {
    this.all = waysOf(spec);
  }

  /** The ways of what comes from there; `leave` says that it is over. */
  enter(address: string): Branch {
    const from = plainAddress(address);
    let branch = this.#branches.get(from);
    if (branch === undefined) {
      branch = new Branch(this.all, from, () => this.#branches.delete(from));
      this.#branches.set(from, branch);
      for (const one of this.#particular) if (one.from.includes(from)) branch.begin(one);
    }
    branch.users += 1;
    return branch;
  }

  /** As `Relay.ways`. */
  look(from: string | undefined): RelayWays {
    if (from === undefined) return this.all;
    const address = plainAddress(from);
    const known = this.#branches.get(address);
    if (known !== undefined) return known;
    // Nobody is there from it now: whoever came would be disturbed like this.
    const branch = new Branch(this.all, address, () => {});
    for (const one of this.#particular) if (one.from.includes(address)) branch.begin(one);
    branch.leave();
    return branch;
  }

  /** As `Relay.disturb`. */
  disturb(disturbance: Disturbance, from?: readonly string[]): () => void {
    if (from === undefined) return disturbUntil(disturbance, this.all);
    const particular = { disturbance, from: from.map(plainAddress) };
    return disturbUntil(disturbance, () => {
      this.#particular.add(particular);
      for (const address of particular.from) this.#branches.get(address)?.begin(particular);
      return () => {
        this.#particular.delete(particular);
        for (const address of particular.from) this.#branches.get(address)?.end(particular);
      };
    });
  }
}

/** The ways of what comes from one address. */
export class Branch implements RelayWays {
  readonly in: Way;
  readonly out: Way;
  readonly there: Way;
  readonly back: Way;
  /** Connections, clients, and whoever looks. */
  users = 0;
  readonly #acting = new Map<Particular, () => void>();
  readonly #left: () => void;

  constructor(all: RelayWays, from: string, left: () => void) {
    this.in = all.in.branch(from);
    this.out = all.out.branch(from);
    [this.there, this.back] = all.there === all.in ? [this.in, this.out] : [this.out, this.in];
    this.#left = left;
  }

  begin(particular: Particular): void {
    const ends = [this.in, this.out].map((way) => way.disturb(particular.disturbance));
    this.#acting.set(particular, () => {
      for (const end of ends) end();
    });
  }

  end(particular: Particular): void {
    this.#acting.get(particular)?.();
    this.#acting.delete(particular);
  }

  leave(): void {
    this.users -= 1;
    if (this.users > 0) return;
    this.in.leave();
    this.out.leave();
    this.#left();
  }
}
