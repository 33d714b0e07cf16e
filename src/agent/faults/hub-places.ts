import { lookup } from 'node:dns/promises';
import type { Gate } from '../../wire/gate.js';
import { isOwn } from './listening.js';

/** A name may take so long to be looked up, milliseconds. */
const lookUpWithinMs = 2_000;

/** Where the agent's hub is, as far as the agent knows. */
export class HubPlaces {
  readonly gate: Gate;
  readonly #urls: () => readonly string[];

  /** `urls`: of the hub's front door and of its bus. */
  constructor(gate: Gate, urls: () => readonly string[]) {
    this.gate = gate;
    this.#urls = urls;
  }

  /** The addresses that are connected now, and those of the names that are known, each once. */
  async addresses(): Promise<string[]> {
    const hosts = this.#urls().flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
    const found = await Promise.all([...new Set(hosts)].map(addressesOf));
    const connected = this.gate.farEnds.map(({ address }) => address);
    return [...new Set([...connected, ...found.flat()].map(plain))];
  }

  /** True when none of these addresses is of this machine: then packets to them can be told from others. */
  areElsewhere(addresses: readonly string[]): boolean {
    return addresses.length > 0 && !addresses.some(isOwn);
  }
}

async function addressesOf(host: string): Promise<string[]> {
  const bare = host.replace(/^\[|\]$/g, '');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never[]>((resolve) => {
    timer = setTimeout(() => resolve([]), lookUpWithinMs);
  });
  const found = await Promise.race([lookup(bare, { all: true }).catch(() => []), late]);
  clearTimeout(timer);
  return found.map(({ address }) => address);
}

/** Without the form in which IPv6 sockets show IPv4 addresses, and without a zone. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
