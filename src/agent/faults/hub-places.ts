import { lookup } from 'node:dns/promises';
import type { Gate } from '../../wire/gate.js';
import { plainAddress } from './plain-address.js';
import { isOwn } from './process/listening.js';

/** A name may take so long to be looked up, milliseconds. */
const lookUpWithinMs = 2_000;

/** Where the agent's hub is, as far as the agent knows. */
export class HubPlaces {
  readonly gate: Gate;
  readonly #given: readonly string[];
  readonly #told: () => readonly string[];

  /** URLs of the hub's front door and of its bus: those that were given, and those that the hub tells of. */
  constructor(gate: Gate, given: readonly string[], told: () => readonly string[]) {
    this.gate = gate;
    this.#given = given;
    this.#told = told;
  }

  /** The addresses that are connected now, and those of the names that are known, each once. */
  async addresses(): Promise<string[]> {
    const [given, told] = await Promise.all([addressesOf(this.#given), addressesOf(this.#told())]);
    const connected = this.gate.farEnds.map(({ address }) => plainAddress(address));
    // A hub whose bus is on its own loopback tells so to everybody.
    return [...new Set([...connected, ...given, ...told.filter((address) => !isOwn(address))])];
  }

  /** True when none of these addresses is of this machine: then packets to them can be told from others. */
  areElsewhere(addresses: readonly string[]): boolean {
    return addresses.length > 0 && !addresses.some(isOwn);
  }
}

async function addressesOf(urls: readonly string[]): Promise<string[]> {
  const hosts = urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
  return (await Promise.all([...new Set(hosts)].map(lookUp))).flat();
}

async function lookUp(host: string): Promise<string[]> {
  const bare = host.replace(/^\[|\]$/g, '');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never[]>((resolve) => {
    timer = setTimeout(() => resolve([]), lookUpWithinMs);
  });
  const found = await Promise.race([lookup(bare, { all: true }).catch(() => []), late]);
  clearTimeout(timer);
  return found.map(({ address }) => plainAddress(address));
}
