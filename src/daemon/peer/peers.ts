import { EventEmitter, setMaxListeners } from 'node:events';
import type { ServiceKeys } from '../../auth/service-tokens.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { parseAddress } from '../../wire/address.js';
import type { Counts } from '../counts.js';
import type { Groups } from '../group/groups.js';
import type { SigningKey } from '../group/keys.js';
import { Bans } from './bans.js';
import { acceptFromRelay, type DialOptions, dialPeer } from './dial.js';
import { Discovery } from './discovery.js';
import type { FrameBody } from './frames.js';
import { type LinkTimes, PeerLink, type Role } from './link.js';
import { PeerListener } from './listener.js';
import { parsePeerAddress } from './places.js';
import { Relay } from './relay.js';
import { Rendezvous } from './rendezvous.js';
import { ReplicationClient, ReplicationServer } from './replication.js';
import { Session } from './session.js';
import { type Backoff, Target, type TargetPort } from './target.js';

/** How a daemon takes part among peers. */
export interface PeersConfig {
  readonly role: Role;
  /** HOST:PORT; undefined: it only dials. */
  readonly listen: string | undefined;
  /** Where others reach it, when that is not where it listens. */
  readonly advertise: readonly string[];
  /** Peers, rendezvous points, relays and bootstraps to be connected to. */
  readonly dial: readonly string[];
  /** Tokens for which a replication server holds groups. */
  readonly acceptTokens: readonly string[];
  /** Keys of token servers for whose tokens it does, too. */
  readonly acceptKeys: readonly ServiceKeys[];
  readonly times: LinkTimes;
  readonly backoff: Backoff;
  /** How often each tells the other what it has, in milliseconds. */
  readonly syncMs: number;
}

const mostSessions = 256;

/** The peers of this daemon. */
export class Peers {
  readonly #config: PeersConfig;
  readonly #key: SigningKey;
  readonly #groups: Groups;
  readonly #counts: Counts;
  readonly #log: Logger;
  readonly #sessions = new Map<string, Session>();
  readonly #targets = new Map<string, Target>();
  readonly #bans = new Bans();
  readonly #stopping = new AbortController();
  readonly #listener: PeerListener;
  readonly #discovery: Discovery;
  readonly #relay: Relay | undefined;
  readonly #rendezvous: Rendezvous | undefined;
  readonly #server: ReplicationServer | undefined;
  readonly #client = new ReplicationClient();
  readonly #changed = new EventEmitter<{ changed: [] }>().setMaxListeners(0);
  readonly #dialling: DialOptions;
  readonly #target: TargetPort;
  #listening: string | undefined;
  #ticks: NodeJS.Timeout | undefined;

  constructor(config: PeersConfig, parts: { key: SigningKey; groups: Groups; counts: Counts; log: Logger }) {
    const { role, times, backoff } = config;
    // Every connection listens to it.
    setMaxListeners(0, this.#stopping.signal);
    this.#config = config;
    this.#key = parts.key;
    this.#groups = parts.groups;
    this.#counts = parts.counts;
    this.#log = parts.log;
    const own = { key: parts.key, role };
    this.#dialling = { own, times, signal: this.#stopping.signal };
    this.#listener = new PeerListener(
      (socket) => PeerLink.open(socket, own, times),
      (link) => this.#greet(link),
      parts.log,
    );
    this.#target = {
      dial: (address) => dialPeer(parsePeerAddress(address), this.#dialling),
      adopt: (link, address) => this.#adopt(link, address, true),
      session: (key) => this.#sessions.get(key.toString('hex')),
      bannedMs: (key) => this.#bans.leftMs(key),
      backoff,
      log: parts.log,
    };
    this.#discovery = new Discovery({
      ownKey: parts.key.publicKey,
      listening: () =>
        config.advertise.length > 0 ? config.advertise : this.#listening ? [this.#listening] : [],
      sessions: () => this.#sessions.values(),
      groups: () => parts.groups.shared(),
      target: this.#target,
    });
    if (role === 'relay') this.#relay = new Relay((id) => this.#sessions.get(id));
    if (role === 'rdvp' || role === 'bootstrap') {
      this.#rendezvous = new Rendezvous(() => this.#sessions.values(), role === 'bootstrap');
    }
    if (role === 'replication') {
      const accepted = { tokens: config.acceptTokens, keys: config.acceptKeys };
      this.#server = new ReplicationServer(accepted, (keys) => parts.groups.hold(keys));
    }
  }

  /** Resolves when it listens. Throws `PORT_IN_USE`, `LISTEN_DENIED`, `LISTEN_FAILED`, `ADDRESS_INVALID`. */
  async start(): Promise<void> {
    const { listen, dial, syncMs } = this.#config;
    if (listen !== undefined) {
      const address = parseAddress(listen, 'listen');
      if ('path' in address)
        throw new PosternError('ADDRESS_INVALID', `'${listen}' is not HOST:PORT`, { exitCode: 2 });
      this.#listening = await this.#listener.listen(address);
    }
    for (const address of dial) this.connect(address);
    this.#groups.onChange(() => {
      for (const { sync } of this.#sessions.values()) sync.announce();
      this.#discovery.register();
    });
    this.#groups.onStored(() => {
      for (const { sync } of this.#sessions.values()) sync.stored();
    });
    this.#ticks = setInterval(() => {
      for (const { sync } of this.#sessions.values()) sync.tick();
      this.#discovery.register();
    }, syncMs);
  }

  /** Where others can reach this daemon. */
  addresses(): string[] {
    return this.#discovery.addresses();
  }

  sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** Calls back when peers come or go; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#changed.on('changed', listener);
    return () => this.#changed.off('changed', listener);
  }

  /** Connects to a peer, and again whenever it is lost. Throws `ADDRESS_INVALID`, `TOO_MANY_PEERS`. */
  connect(address: string): void {
    parsePeerAddress(address);
    const known = this.#targets.get(address);
    if (known !== undefined) {
      known.hurry();
      return;
    }
    if (this.#targets.size >= mostSessions)
      throw new PosternError('TOO_MANY_PEERS', 'too many peers to be tried');
    this.#targets.set(address, new Target([address], undefined, this.#target));
  }

  /** Lets go of a peer that `connect` was called for. */
  forget(address: string): void {
    const target = this.#targets.get(address);
    this.#targets.delete(address);
    target?.stop();
    for (const { link, dialled } of this.#sessions.values())
      if (dialled === address) link.cut('it is forgotten');
  }

  /** Has the replication server at an address hold a group. Throws `REPLICATION_REFUSED`, `REPLICATION_DENIED`, `ADDRESS_INVALID`. */
  async replicate(address: string, groupPk: Uint8Array, token: string): Promise<void> {
    const { record } = this.#groups.get(groupPk);
    this.connect(address);
    await this.#client.ask(await this.#sessionAt(address), record.keys, token);
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticks);
    this.#stopping.abort();
    const targets = [...this.#targets.values()];
    for (const target of targets) target.stop();
    const sessions = [...this.#sessions.values()];
    for (const { link } of sessions) link.cut('the daemon stops');
    this.#relay?.stop();
    await this.#listener.stop();
    await Promise.all([this.#discovery.stop(), ...targets.map(({ done }) => done)]);
    await Promise.all(sessions.map(({ link }) => link.closed));
  }

  /** Waits for the session of a target. */
  async #sessionAt(address: string): Promise<Session> {
    const until = performance.now() + 2 * this.#config.times.handshakeMs;
    for (;;) {
      const key = this.#targets.get(address)?.key;
      const session = key && this.#sessions.get(key.toString('hex'));
      if (session !== undefined) return session;
      if (performance.now() > until) {
        throw new PosternError('REPLICATION_REFUSED', `the replication server ${address} cannot be reached`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Somebody has dialled: the first frame tells whether it wants to talk, or to be led on. */
  #greet(link: PeerLink): void {
    link.handle((body) => {
      if (body.$case === 'connect' && this.#relay !== undefined)
        return this.#relay.connect(link, body.value.key);
      if (body.$case === 'accept' && this.#relay !== undefined)
        return this.#relay.accept(link, body.value.ticket);
      const session = this.#adopt(link, undefined, false);
      return session === undefined ? undefined : session.hear(body);
    });
  }

  /** Makes a session of a connection; undefined, and cut, where there is a better one to the same peer. */
  #adopt(link: PeerLink, dialled: string | undefined, outbound: boolean): Session | undefined {
    const { key } = link.remote;
    const id = key.toString('hex');
    const before = this.#sessions.get(id);
    const refusal = this.#refusal(key, before, outbound);
    if (refusal !== undefined) {
      link.cut(refusal);
      return undefined;
    }
    before?.link.cut('there is a better connection to the same peer');
    const groups = (): ReturnType<Groups['shared']> => this.#groups.shared();
    const matched = (): void => void this.#changed.emit('changed');
    const session = new Session(link, dialled, outbound, { ownKey: this.#key.publicKey, groups, matched });
    this.#sessions.set(id, session);
    this.#counts.add('peers_connected');
    void link.closed.then((reason) => {
      this.#log.info({ peer: id, address: link.address, reason }, 'a peer is gone');
      if (this.#sessions.get(id) === session) this.#sessions.delete(id);
      this.#changed.emit('changed');
    });
    session.begin(
      (body) => this.#hear(session, body),
      (reason) => {
        this.#counts.add('peers_cut_off');
        this.#log.warn({ peer: id, reason }, 'a peer is cut off');
        this.#bans.add(key);
      },
    );
    this.#log.info({ peer: id, address: link.address, as: link.remote.role }, 'a peer is connected');
    // A relay is a new way to this daemon.
    this.#discovery.register(link.remote.role === 'relay' ? undefined : session);
    this.#changed.emit('changed');
    return session;
  }

  /**
   * Of two connections between the same peers both keep the one that the peer with the lower key has dialled; of two
   * that the same has dialled, the newer one: the older may be dead.
   */
  #refusal(key: Buffer, before: Session | undefined, outbound: boolean): string | undefined {
    if (this.#stopping.signal.aborted) return 'the daemon stops';
    if (this.#bans.leftMs(key) > 0) return 'it has sent what no honest peer sends';
    if (before === undefined)
      return this.#sessions.size < mostSessions ? undefined : 'there are too many peers';
    const dialsWell = (byUs: boolean): boolean => byUs === this.#key.publicKey.compare(key) < 0;
    if (dialsWell(before.outbound) && !dialsWell(outbound))
      return 'there is a better connection to the same peer';
    return undefined;
  }

  async #hear(session: Session, body: FrameBody): Promise<void> {
    if (body.$case === 'register' && this.#rendezvous) this.#rendezvous.register(session, body.value);
    else if (body.$case === 'found') this.#discovery.heard(body.value);
    else if (body.$case === 'incoming') this.#come(session, body.value.ticket);
    else if (body.$case === 'replicate' && this.#server) await this.#server.heard(session, body.value);
    else if (body.$case === 'replicated') this.#client.heard(body.value);
    else throw new PosternError('PEER_INVALID', `it says '${body.$case}' out of place`);
  }

  /** A relay says that somebody wants to be led here. */
  #come({ dialled, link }: Session, ticket: Uint8Array): void {
    if (dialled === undefined || link.remote.role !== 'relay') return;
    acceptFromRelay(parsePeerAddress(dialled), ticket, this.#dialling).then(
      (peer) => this.#greet(peer),
      (thrown: unknown) => this.#log.debug({ reason: errorText(thrown) }, 'a relay has led nobody here'),
    );
  }
}
