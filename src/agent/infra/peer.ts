import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter } from '../adapters/adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import type { PeerPart } from './parts.js';
import { PeerProbes } from './peer-probes.js';
import { type AskedPeer, peerTarget } from './peer-target.js';

/** From one attempt at another daemon to the next, milliseconds. */
const pauseMs = 1_000;
/** All attempts together, where the caller has no deadline, milliseconds. */
const testWithinMs = 30_000;
/** A daemon that shall be worked with is waited for so long, where the caller has no deadline, milliseconds. */
const serveWithinMs = 10_000;

/** gRPC status of what is thrown here. */
export const peerStatuses: Readonly<Record<string, status>> = {
  PEER_INVALID: status.INVALID_ARGUMENT,
  PEER_FORBIDDEN: status.PERMISSION_DENIED,
  TOO_MANY_PEERS: status.RESOURCE_EXHAUSTED,
  DAEMON_BUSY: status.FAILED_PRECONDITION,
  DAEMON_MOVED: status.ABORTED,
  DAEMON_UNREACHABLE: status.UNAVAILABLE,
  DAEMON_UNKNOWN: status.FAILED_PRECONDITION,
  DAEMON_REFUSED: status.FAILED_PRECONDITION,
  LOST: status.UNAVAILABLE,
  TIME_OUT: status.UNAVAILABLE,
  DATA_UNUSABLE: status.RESOURCE_EXHAUSTED,
};

/** What is known of the daemon, and may be done with it. */
export interface DaemonPeerOptions {
  readonly daemon: Pick<DaemonWatch, 'address' | 'answers' | 'serving' | 'target'>;
  /** Where the agent was told that its daemon is. */
  readonly home: string;
  /** Other daemons that may be named, beside those on loopback: `HOST:PORT`. */
  readonly allowed: readonly string[];
  /** Makes the adapter for a place; nothing is connected before its first use. */
  readonly adapter: (target: string) => Pick<DaemonAdapter, 'identify' | 'close'>;
  /** Whether the agent has its place at a hub. */
  readonly hubIsUp: () => boolean;
  /** A test that needs the daemon where it is; undefined: there is none. */
  readonly busy: () => string | undefined;
  /** Makes safe where the daemon is looked for from now on. */
  readonly keep: (target: string) => Promise<void>;
  readonly log: Logger;
}

/** The daemon beside the agent, as the machine that watches it sees it. */
export class DaemonPeer implements PeerPart {
  readonly #options: DaemonPeerOptions;
  readonly #probes: PeerProbes;
  readonly #moves = new InTurn();

  constructor(options: DaemonPeerOptions) {
    this.#options = options;
    this.#probes = new PeerProbes(options.adapter);
  }

  /**
   * True when this agent has its place at a hub now, and its daemon has just said what it is: a test that is started reaches
   * the daemon, and what it records reaches the hub.
   */
  async testConnection(signal: AbortSignal): Promise<boolean> {
    const { daemon, hubIsUp } = this.#options;
    return hubIsUp() && (await daemon.answers(signal)) && hubIsUp();
  }

  /** True when the process of the daemon is there, takes connections and has just said what it is. */
  isProcessRunning(signal: AbortSignal): Promise<boolean> {
    return this.#options.daemon.answers(signal);
  }

  /** Throws `PEER_INVALID`, `PEER_FORBIDDEN`, `TOO_MANY_PEERS`. */
  async testConnectionToPeer(
    asked: AskedPeer & { readonly tries: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const target = this.#targetOf(asked);
    const { daemon } = this.#options;
    const probe =
      target === daemon.address
        ? { answers: (within: AbortSignal) => daemon.answers(within), release: () => {} }
        : this.#probes.open(target);
    const limited = joinAborts([signal], testWithinMs);
    try {
      for (let left = Math.max(1, asked.tries); ; left -= 1) {
        if (await probe.answers(limited.signal)) return true;
        if (left <= 1 || limited.signal.aborted) return false;
        await sleep(pauseMs, undefined, { signal: limited.signal }).catch(() => {});
      }
    } finally {
      limited.release();
      probe.release();
    }
  }

  /**
   * Resolves when the daemon that is named serves, which is the one that the agent works with from then on. Throws
   * `PEER_INVALID`, `PEER_FORBIDDEN`, `DAEMON_BUSY`, `DAEMON_MOVED`, `DATA_UNUSABLE`, and why the daemon does not serve.
   */
  async connectToPeer(asked: AskedPeer, signal: AbortSignal): Promise<void> {
    const target = this.#targetOf(asked);
    const { daemon } = this.#options;
    const limited = joinAborts([signal], serveWithinMs);
    try {
      await this.#moves.run(() => this.#moveTo(target));
      await daemon.serving(limited.signal, target);
    } finally {
      limited.release();
    }
  }

  async #moveTo(target: string): Promise<void> {
    const { daemon, busy, keep, log } = this.#options;
    if (target === daemon.address) return;
    const test = busy();
    if (test !== undefined) {
      throw new PosternError(
        'DAEMON_BUSY',
        `the test ${test} runs on the daemon at ${daemon.address}, which cannot become the one at ${target} meanwhile`,
        { hint: 'stop the test, or wait for its end' },
      );
    }
    await keep(target);
    log.info({ from: daemon.address, to: target }, 'working with another daemon from now on');
    daemon.target(target);
  }

  #targetOf(asked: AskedPeer): string {
    const { daemon, home, allowed } = this.#options;
    return peerTarget(asked, { own: [daemon.address, home], allowed });
  }
}
