import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth, ConnectionOptions, NatsConnection } from 'nats';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Gate } from '../wire/gate.js';
import { authOf } from './authenticator.js';
import type { BusCredentials } from './authority.js';
import { connectError, isRefusal } from './nats-errors.js';
import { connectNats } from './transport.js';

/** The oldest server whose JetStream answers all that is asked of it here. */
const oldestServer = [2, 9] as const;
/** A server that says nothing for this long, twice, is taken for lost. */
const pingIntervalMs = 10_000;
/** How long one dial may take. */
const dialTimeoutMs = 5000;
/** The wait between two tries of the first connection, in milliseconds: from, to. */
const [firstWaitMs, lastWaitMs] = [250, 5000];

/** How the first connection is made. */
export interface DialOptions {
  readonly servers: readonly string[];
  /** Read at every dial; what it throws is logged, and the credentials before are used. */
  readonly credentials: () => BusCredentials;
  readonly name: string;
  readonly inboxPrefix: string;
  /** Do not hear what this connection publishes itself. */
  readonly noEcho: boolean;
  /** Wait between two dials after a loss: at least, and at most so much more (random). */
  readonly redialMs: readonly [number, number];
  readonly log: Logger;
  /** `fail`: within `timeoutMs` or not at all. `wait`: until a server is there; a refusal ends it all the same. */
  readonly firstConnect: 'wait' | 'fail';
  /** Only the servers that are named are dialled, not those that they tell of. */
  readonly onlyThese: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What each connection goes through. */
  readonly gate?: Gate | undefined;
}

/** A connection, and the credential that was shown last. */
export interface Dialed {
  readonly nats: NatsConnection;
  lastJwt(): string;
}

/**
 * Makes the first connection; from then on the client dials again by itself, for ever. Throws `BUS_UNREACHABLE`,
 * `BUS_REFUSED`, `BUS_VERSION`, and `BUS_ABORTED` when the signal ended the wait.
 */
export async function dial(options: DialOptions): Promise<Dialed> {
  let last: BusCredentials = options.credentials();
  const authenticator = (nonce?: string): Auth => {
    try {
      last = options.credentials();
    } catch (thrown) {
      options.log.error(`cannot read the credentials for the bus: ${errorText(thrown)}`);
    }
    return authOf(last, nonce);
  };
  const [redialMs, redialJitterMs] = options.redialMs;
  const deadline = Date.now() + options.timeoutMs;
  for (let waitMs: number = firstWaitMs; ; waitMs = Math.min(lastWaitMs, waitMs * 2)) {
    if (options.signal?.aborted) throw aborted();
    const left = options.firstConnect === 'wait' ? dialTimeoutMs : deadline - Date.now();
    const attempt: ConnectionOptions = {
      servers: [...options.servers],
      authenticator,
      name: options.name,
      inboxPrefix: options.inboxPrefix,
      noEcho: options.noEcho,
      timeout: Math.max(1, Math.min(dialTimeoutMs, left)),
      maxReconnectAttempts: -1,
      reconnectTimeWait: redialMs,
      reconnectJitter: redialJitterMs,
      reconnectJitterTLS: redialJitterMs,
      pingInterval: pingIntervalMs,
      maxPingOut: 2,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
      ignoreClusterUpdates: options.onlyThese,
    };
    let nats: NatsConnection;
    try {
      nats = await connectNats(attempt, options.gate);
    } catch (thrown) {
      const error = connectError(thrown, options.servers);
      const late = options.firstConnect === 'fail' && Date.now() + waitMs >= deadline;
      if (late || isRefusal(thrown)) throw error;
      options.log.debug(error.message);
      await sleep(waitMs, undefined, { signal: options.signal }).catch(() => {
        throw aborted();
      });
      continue;
    }
    await assertNewEnough(nats);
    return { nats, lastJwt: () => last.jwt };
  }
}

function aborted(): PosternError {
  return new PosternError('BUS_ABORTED', 'stopped while waiting for the bus');
}

async function assertNewEnough(nats: NatsConnection): Promise<void> {
  const version = nats.info?.version ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestServer;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  await nats.close();
  throw new PosternError(
    'BUS_VERSION',
    `the NATS server at ${nats.getServer()} is version ${version}, too old for postern`,
    {
      hint: `run nats-server ${oldestServer.join('.')} or newer`,
    },
  );
}
