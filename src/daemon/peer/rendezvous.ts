import { PosternError } from '../../errors.js';
import type { PeerFound, PeerRegister } from '../../gen/postern/daemon/v1/peer.js';
import { isPeerAddress } from './places.js';
import type { Session } from './session.js';

/** Topics of one peer: one for each group that it may have. */
const mostTopics = 1024;
const mostAddresses = 8;
/** At most so many peers are told at once. */
const mostTold = 64;

/** Checks what a peer says of where it is. Throws `PEER_INVALID`. */
function registrationOf({ topics, addresses }: PeerRegister): NonNullable<Session['registration']> {
  if (
    topics.length > mostTopics ||
    addresses.length > mostAddresses ||
    topics.some(({ length }) => length !== 32)
  ) {
    throw new PosternError('PEER_INVALID', 'it registers too much');
  }
  return {
    topics: new Set(topics.map((topic) => Buffer.from(topic).toString('hex'))),
    addresses: addresses.filter(isPeerAddress),
  };
}

/** Tells peers of each other: those of a topic, or all where `everybody` may know of everybody. */
export class Rendezvous {
  readonly #sessions: () => Iterable<Session>;
  readonly #everybody: boolean;

  constructor(sessions: () => Iterable<Session>, everybody: boolean) {
    this.#sessions = sessions;
    this.#everybody = everybody;
  }

  /** A peer says where it is: it hears of the others, and where that is new they hear of it. Throws `PEER_INVALID`. */
  register(session: Session, said: PeerRegister): void {
    const before = session.registration;
    const now = registrationOf(said);
    session.registration = now;
    const others = [...this.#sessions()].filter((other) => other !== session && this.#meet(session, other));
    const isNew = before === undefined || !sameAs(before, now);
    if (isNew && now.addresses.length > 0) for (const other of others) other.link.send(found([session]));
    const some = others.length > mostTold ? shuffled(others).slice(0, mostTold) : others;
    if (some.length > 0) session.link.send(found(some));
  }

  #meet({ registration: one }: Session, { registration: other }: Session): boolean {
    if (one === undefined || other === undefined) return false;
    return this.#everybody || [...one.topics].some((topic) => other.topics.has(topic));
  }
}

/** The peers that somebody has told of, as far as they can be tried. Throws `PEER_INVALID`. */
export function placesIn({ peers }: PeerFound): { key: Buffer; addresses: string[] }[] {
  if (peers.length > mostTold) throw new PosternError('PEER_INVALID', 'it tells of too many peers');
  return peers
    .filter(({ key, addresses }) => key.length === 32 && addresses.length <= mostAddresses)
    .map(({ key, addresses }) => ({ key: Buffer.from(key), addresses: addresses.filter(isPeerAddress) }));
}

function found(sessions: readonly Session[]): Parameters<Session['link']['send']>[0] {
  const peers = sessions.map(({ link, registration }) => ({
    key: link.remote.key,
    addresses: [...(registration?.addresses ?? [])],
  }));
  return { $case: 'found', value: { peers } };
}

function sameAs(a: NonNullable<Session['registration']>, b: NonNullable<Session['registration']>): boolean {
  return (
    a.addresses.join() === b.addresses.join() &&
    a.topics.size === b.topics.size &&
    [...a.topics].every((topic) => b.topics.has(topic))
  );
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
