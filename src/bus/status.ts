import { type NatsConnection, PermissionViolationError } from 'nats';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { BusStatus, Stop } from './bus.js';
import type { BusMetrics } from './bus-metrics.js';
import { isRefusal } from './nats-errors.js';

/** So many refusals of one and the same credential, with a dial each, end the connection for good. */
const finalRefusals = 5;

const unknownReason = 'the connection was lost';

/** Watches over a connection of the client and tells what becomes of it. */
export interface StatusWatch {
  readonly connected: boolean;
  readonly maxPayloadBytes: number;
  readonly serverVersion: string;
  onStatus(listener: (status: BusStatus) => void): Stop;
}

/**
 * Follows the client's events from now on. `lastJwt` gives the credential of the last dial: as long as the owner keeps
 * giving new ones, refusals do not count.
 */
export function watchStatus(
  nats: NatsConnection,
  { lastJwt, log, metrics }: { lastJwt: () => string; log: Logger; metrics: BusMetrics },
): StatusWatch {
  const listeners = new Set<(status: BusStatus) => void>();
  let connected = true;
  let maxPayloadBytes = nats.info?.max_payload ?? 0;
  let serverVersion = nats.info?.version ?? '';
  let reason = unknownReason;
  let refusedJwt = '';
  let refusals = 0;
  let closeReason = 'closed by this process';
  metrics.connected(true);

  const tell = (status: BusStatus): void => {
    for (const listener of [...listeners]) {
      try {
        listener(status);
      } catch (thrown) {
        metrics.handlerFailed();
        log.error({ err: thrown }, `a listener of the bus status failed: ${errorText(thrown)}`);
      }
    }
  };
  const lost = (): void => {
    if (!connected) return;
    connected = false;
    metrics.connected(false);
    log.warn({ reason }, 'lost the bus, dialing again');
    tell({ type: 'disconnected', reason });
  };
  const back = (): void => {
    if (connected) return;
    connected = true;
    reason = unknownReason;
    refusedJwt = '';
    refusals = 0;
    maxPayloadBytes = nats.info?.max_payload ?? maxPayloadBytes;
    serverVersion = nats.info?.version ?? serverVersion;
    metrics.connected(true);
    log.info('the bus is back');
    tell({ type: 'reconnected' });
  };
  const refused = (error: Error): void => {
    const jwt = lastJwt();
    refusals = jwt === refusedJwt ? refusals + 1 : 1;
    refusedJwt = jwt;
    log.warn({ refusals }, `the bus refused our credentials: ${error.message}`);
    if (refusals < finalRefusals) return;
    closeReason = `the bus refused our credentials: ${error.message}`;
    nats.close().catch(() => {});
  };

  const follow = async (): Promise<void> => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') lost();
      else if (status.type === 'reconnect') back();
      else if (status.type === 'staleConnection') {
        // told after an error of the server, too
        if (reason === unknownReason) reason = 'the server did not answer pings';
      } else if (status.type === 'error') {
        if (status.error instanceof PermissionViolationError) {
          metrics.dropped('refused');
          log.error(`the bus refused it: ${status.error.message}`);
        } else {
          reason = status.error.message;
          if (!connected && isRefusal(status.error)) refused(status.error);
        }
      }
    }
  };
  follow().catch((thrown: unknown) => log.error({ err: thrown }, 'cannot follow the state of the bus'));
  nats.closed().then(
    (error) => {
      connected = false;
      metrics.connected(false);
      tell({ type: 'closed', reason: error instanceof Error ? errorText(error) : closeReason });
      listeners.clear();
    },
    () => {},
  );

  return {
    get connected() {
      return connected && !nats.isClosed();
    },
    get maxPayloadBytes() {
      return maxPayloadBytes;
    },
    get serverVersion() {
      return serverVersion;
    },
    onStatus(listener) {
      // one function may be given twice: each has its own Stop
      const own = (status: BusStatus): void => listener(status);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
