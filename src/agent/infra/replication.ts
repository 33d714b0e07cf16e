import { status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter, ServiceTokens } from '../adapters/adapter.js';
import type { ReplicationPart } from './parts.js';
import { answerOf } from './token-page.js';
import { tokenServerUrl } from './token-place.js';

/** The service that holds groups, as token servers name it. */
const replication = 'rpl';
/** A token is not used any more when it ends within this time, in seconds. */
const leastLeftSeconds = 60;
/** All of it may take so long, where the caller has no deadline, in milliseconds. */
const addWithinMs = 60_000;
/** At most so many registrations are remembered. */
const mostRemembered = 4_096;

/** gRPC statuses of what is thrown here alone. */
export const replicationStatuses: Readonly<Record<string, status>> = {
  REPLICATION_FAILED: status.UNAVAILABLE,
  TOKEN_SERVER_FORBIDDEN: status.PERMISSION_DENIED,
  TOKEN_SERVER_REFUSED: status.PERMISSION_DENIED,
  TOKEN_SERVER_UNREACHABLE: status.UNAVAILABLE,
};

/** The daemon beside the agent, as `DaemonWatch` gives it. */
export interface ServingDaemon {
  /** What it said of itself when it last answered. */
  readonly identity: { readonly peer: string } | undefined;
  serving(signal: AbortSignal): Promise<DaemonAdapter>;
}

/** Has groups held by the replication node that a token server vouches for; one flow at a time, since a daemon knows one. */
export class GroupReplication implements ReplicationPart {
  readonly #daemon: ServingDaemon;
  readonly #allowed: readonly string[];
  readonly #log: Logger;
  readonly #turns = new InTurn();
  /** Daemon, token server and group of what was registered by this process. */
  readonly #registered = new Set<string>();

  /** `allowed`: token servers that may be asked beside those of this machine, and at their usual ports: `HOST:PORT`. */
  constructor(options: {
    readonly daemon: ServingDaemon;
    readonly allowed: readonly string[];
    readonly log: Logger;
  }) {
    this.#daemon = options.daemon;
    this.#allowed = options.allowed;
    this.#log = options.log;
  }

  /**
   * Resolves when the replication node holds the group; what was done before is not done again. Throws `ADDRESS_INVALID`,
   * `TOKEN_SERVER_FORBIDDEN`, `TOKEN_SERVER_UNREACHABLE`, `TOKEN_SERVER_REFUSED`, `REPLICATION_FAILED`, and what adapters throw.
   */
  async add(
    { group, groupName, tokenIp }: { group: string; groupName: string; tokenIp: string },
    signal: AbortSignal,
  ): Promise<void> {
    const authUrl = tokenServerUrl(tokenIp, this.#allowed);
    await this.#turns.run(async () => {
      // The turn may come after its caller is gone.
      if (signal.aborted) throw new PosternError('CANCELLED', 'nobody waits for the replication any more');
      const limited = joinAborts([signal], addWithinMs);
      try {
        if (await this.#add(group, authUrl, limited.signal))
          this.#log.info({ group: groupName, tokenServer: authUrl }, 'a group is held by a replication node');
      } catch (thrown) {
        // whoever asked is not told all of it
        const why = errorText(thrown instanceof Error ? (thrown.cause ?? thrown) : thrown);
        this.#log.warn({ group: groupName, tokenServer: authUrl, why }, 'a group is not held');
        throw thrown;
      } finally {
        limited.release();
      }
    });
  }

  /** False where it was done before. */
  async #add(group: string, authUrl: string, signal: AbortSignal): Promise<boolean> {
    const { serviceTokens } = await this.#daemon.serving(signal);
    if (serviceTokens === undefined) {
      throw new PosternError('UNSUPPORTED', 'the daemon knows no tokens for services');
    }
    const mark = `${this.#daemon.identity?.peer ?? ''} ${authUrl} ${group}`;
    if (this.#registered.has(mark)) return false;
    await this.#register(serviceTokens, { id: group }, { authUrl, signal });
    this.#remember(mark);
    return true;
  }

  /** By a token that the daemon has already; where that is not good any more, by a new one. */
  async #register(
    tokens: ServiceTokens,
    group: { readonly id: string },
    { authUrl, signal }: { readonly authUrl: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const kept = await this.#keptToken(tokens, authUrl, signal);
    if (kept !== undefined) {
      try {
        await beyond(tokens, signal, () => tokens.register(kept, group, signal));
        return;
      } catch (thrown) {
        if (!(thrown instanceof PosternError) || thrown.code !== 'DAEMON_REFUSED') throw thrown;
        this.#log.info({ reason: errorText(thrown) }, 'a token is not good any more: asking for another one');
      }
    }
    const id = await this.#newToken(tokens, authUrl, signal);
    await beyond(tokens, signal, () => tokens.register(id, group, signal));
  }

  async #keptToken(tokens: ServiceTokens, authUrl: string, signal: AbortSignal): Promise<string | undefined> {
    const least = Date.now() / 1000 + leastLeftSeconds;
    const good = (await tokens.list(signal)).filter(
      ({ authUrl: from, services, expiresAt = Number.POSITIVE_INFINITY }) =>
        from === authUrl && services.includes(replication) && expiresAt > least,
    );
    return good.at(-1)?.id;
  }

  async #newToken(tokens: ServiceTokens, authUrl: string, signal: AbortSignal): Promise<string> {
    const page = await tokens.beginFlow(authUrl, [replication], signal);
    const callback = await answerOf(page, { asked: authUrl, service: replication }, signal);
    const id = await beyond(tokens, signal, () => tokens.completeFlow(callback, signal));
    const made = (await tokens.list(signal)).find((token) => token.id === id);
    if (made?.services.includes(replication)) return id;
    throw new PosternError(
      'TOKEN_SERVER_REFUSED',
      `the token server at ${authUrl} has given a token that names no replication node`,
      { hint: 'start it with --service rpl@HOST:PORT' },
    );
  }

  #remember(mark: string): void {
    if (this.#registered.size >= mostRemembered) {
      const oldest = this.#registered.values().next();
      if (oldest.done !== true) this.#registered.delete(oldest.value);
    }
    this.#registered.add(mark);
  }
}

/**
 * Does what a daemon asks others for. Its status does not tell whether it is away itself, or they are; so it is asked something
 * that it needs nobody for. Throws `REPLICATION_FAILED` where they are.
 */
async function beyond<T>(tokens: ServiceTokens, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof PosternError) || thrown.code !== 'DAEMON_UNREACHABLE' || signal.aborted)
      throw thrown;
    await tokens.list(signal);
    throw new PosternError(
      'REPLICATION_FAILED',
      "the daemon does not reach the token server, or the replication node that it names: are both running? The agent's log says why",
      { cause: thrown },
    );
  }
}
