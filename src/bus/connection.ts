import type { Msg, NatsConnection } from 'nats';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { BusStatus, Stop } from './bus.js';
import type { BusMetrics } from './bus-metrics.js';
import type { BusIdentity } from './permissions.js';

/** What the parts of the bus share: the client's connection and what is known about it. */
export interface Connection {
  readonly nats: NatsConnection;
  readonly identity: BusIdentity;
  /** Below it, this process alone may listen. */
  readonly inboxPrefix: string;
  readonly log: Logger;
  readonly metrics: BusMetrics;
  /** False from the loss of the connection until all subscriptions stand again. */
  readonly connected: boolean;
  /** The largest message in bytes, as the server said last. */
  readonly maxPayloadBytes: number;
  readonly serverVersion: string;
  onStatus(listener: (status: BusStatus) => void): Stop;
}

/**
 * Subscribes with a guard around `handler`: the client's reader dies of one throw, and with it every subscription.
 * This is the only way in this room to hear messages.
 */
export function listen(
  connection: Connection,
  subject: string,
  handler: (message: Msg) => unknown,
  queue?: string,
): Stop {
  const { nats, log, metrics } = connection;
  const failed = (thrown: unknown): void => {
    metrics.handlerFailed();
    log.error({ subject, err: thrown }, `a message was lost: its handler failed: ${errorText(thrown)}`);
  };
  const subscription = nats.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error !== null) {
        log.error({ subject }, `this subscription was refused: ${errorText(error)}`);
        return;
      }
      try {
        const result = handler(message);
        if (result instanceof Promise) result.catch(failed);
      } catch (thrown) {
        failed(thrown);
      }
    },
  });
  metrics.subscribed(1);
  subscription.closed.then(
    () => metrics.subscribed(-1),
    () => metrics.subscribed(-1),
  );
  return () => {
    if (!nats.isClosed() && !subscription.isClosed()) subscription.unsubscribe();
  };
}

/**
 * Asks the server or another process something, and gives the outcome; an error when there is no connection, and as soon
 * as it is lost: the answer cannot come any more then, and the client would wait for it in vain.
 */
export function whileConnected<T>(connection: Connection, ask: () => Promise<T>): Promise<T> {
  if (!connection.connected) return Promise.reject(new Error('not connected to the bus'));
  return new Promise((resolve, reject) => {
    const unhear = connection.onStatus(({ type }) => {
      if (type === 'reconnected') return;
      unhear();
      reject(new Error('the connection to the bus was lost meanwhile'));
    });
    ask().then(
      (outcome) => {
        unhear();
        resolve(outcome);
      },
      (thrown: unknown) => {
        unhear();
        reject(thrown);
      },
    );
  });
}
