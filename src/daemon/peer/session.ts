import { errorText, PosternError } from '../../errors.js';
import type { FrameBody } from './frames.js';
import type { PeerLink } from './link.js';
import { type SyncPort, SyncSession } from './sync.js';

/** Where a peer has said that it can be reached, and of what it wants to hear. */
export interface Registration {
  readonly topics: ReadonlySet<string>;
  readonly addresses: readonly string[];
}

/** A peer that is connected. */
export class Session {
  readonly link: PeerLink;
  readonly sync: SyncSession;
  /** Whether this daemon has dialled. */
  readonly outbound: boolean;
  readonly sinceMs = performance.now();
  /** The address that led to it; undefined where the peer has dialled. */
  readonly dialled: string | undefined;
  registration: Registration | undefined;
  #others: (body: FrameBody) => Promise<void> = () => Promise.resolve();
  #offended: (why: string) => void = () => {};

  constructor(
    link: PeerLink,
    dialled: string | undefined,
    outbound: boolean,
    port: Omit<SyncPort, 'remote' | 'send'>,
  ) {
    this.link = link;
    this.dialled = dialled;
    this.outbound = outbound;
    this.sync = new SyncSession({ ...port, remote: link.remote, send: (body) => link.send(body) });
    void link.closed.then(() => this.sync.stop());
  }

  get id(): string {
    return this.link.remote.key.toString('hex');
  }

  /** Begins to talk. `others` gets what is not about groups; `offended` hears of what no honest peer sends. */
  begin(others: (body: FrameBody) => Promise<void>, offended: (why: string) => void): void {
    this.#others = others;
    this.#offended = offended;
    this.sync.announce();
    this.link.handle((body) => this.hear(body));
  }

  /** Throws what ends the connection. */
  async hear(body: FrameBody): Promise<void> {
    try {
      if (!(await this.sync.heard(body))) await this.#others(body);
    } catch (thrown) {
      if (thrown instanceof PosternError && offences.includes(thrown.code)) this.#offended(errorText(thrown));
      throw thrown;
    }
  }
}

/** What no honest peer brings about. */
export const offences: readonly string[] = ['ENTRY_REFUSED', 'PEER_INVALID'];
