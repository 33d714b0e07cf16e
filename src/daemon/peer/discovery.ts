import type { PeerFound } from '../../gen/postern/daemon/v1/peer.js';
import { topicOf } from '../group/group-keys.js';
import type { LiveGroup } from '../group/live-group.js';
import { behindRelay } from './places.js';
import { placesIn } from './rendezvous.js';
import type { Session } from './session.js';
import { Target, type TargetPort } from './target.js';

/** At most so many peers that others have told of are tried. */
const mostLearned = 256;

/** What discovery needs. */
export interface DiscoveryPort {
  readonly ownKey: Buffer;
  /** Addresses at which this daemon listens, as others reach them. */
  listening(): readonly string[];
  sessions(): Iterable<Session>;
  groups(): readonly LiveGroup[];
  readonly target: TargetPort;
}

/** Says where this daemon is, hears where others are, and tries them. */
export class Discovery {
  readonly #port: DiscoveryPort;
  readonly #learned = new Map<string, Target>();
  #stopped = false;

  constructor(port: DiscoveryPort) {
    this.#port = port;
  }

  /** Addresses at which others can reach this daemon now: its own, then those through relays. */
  addresses(): string[] {
    const relays = [...this.#port.sessions()].flatMap(({ link, dialled }) =>
      link.remote.role === 'relay' && dialled !== undefined && !dialled.startsWith('relay:')
        ? [behindRelay(dialled, this.#port.ownKey)]
        : [],
    );
    return [...this.#port.listening(), ...relays].slice(0, 8);
  }

  /** Says to those who tell others of it where this daemon is. */
  register(only?: Session): void {
    const topics = this.#port.groups().map(({ keys }) => topicOf(keys));
    const addresses = this.addresses();
    for (const { link } of only === undefined ? this.#port.sessions() : [only]) {
      if (link.remote.role !== 'rdvp' && link.remote.role !== 'bootstrap') continue;
      link.send({ $case: 'register', value: { topics, addresses } });
    }
  }

  /** Tries those that somebody has told of. Throws `PEER_INVALID`. */
  heard(found: PeerFound): void {
    for (const { key, addresses } of placesIn(found)) {
      const id = key.toString('hex');
      if (this.#stopped || key.equals(this.#port.ownKey) || addresses.length === 0) continue;
      const known = this.#learned.get(id);
      if (known !== undefined) {
        const isNews = known.addresses.join() !== addresses.join();
        known.addresses = addresses;
        if (isNews) known.hurry();
      } else if (this.#learned.size < mostLearned) {
        const target = new Target(addresses, key, this.#port.target);
        this.#learned.set(id, target);
        void target.done.then(() => this.#learned.delete(id));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const targets = [...this.#learned.values()];
    for (const target of targets) target.stop();
    await Promise.all(targets.map(({ done }) => done));
  }
}
