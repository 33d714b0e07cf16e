import { randomBytes } from 'node:crypto';
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos } from 'nats';
import { errorText } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import type { Stop } from './bus.js';
import { type Connection, listen } from './connection.js';
import { createRetry } from './retry.js';

/** A stored message on its way out of a stream. */
export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Value of a header, '' when it is not there. */
  header(name: string): string;
  /** Its place in the stream, counted from 1. */
  readonly sequence: number;
  /** When it was stored, Unix time in milliseconds of the server. */
  readonly storedMs: number;
}

/** What is to be read of a stream. */
interface OrderedSource {
  readonly stream: string;
  readonly filter: string;
  /** Makes the stream where it is missing. */
  readonly ensure: () => Promise<void>;
  /** All messages behind this place; absent: the last one of each subject, and then all that follow. */
  readonly after?: number | undefined;
}

interface OrderedHandlers {
  /** Reading begins, or begins anew; how the stream is. */
  began?(stream: { readonly created: string; readonly first: number; readonly last: number }): void;
  message(message: StoredMessage): void;
  /** The stream is another one than before: what was told so far may not be true any more; all of it comes again. */
  restarted(): void;
  /** All that was in the stream when reading began (anew) has been given out. */
  caughtUp(): void;
}

/** The server says that it is there this often when it has nothing else to say; three times without means: start anew. */
const heartbeatMs = 3000;
/** A consumer that nobody reads any more is dropped by the server after this time. */
const inactiveMs = 30_000;

/**
 * Reads the last message of each subject of a stream (or what is kept behind a place), then every new one, in order and
 * once each, for as long as the process lives: through losses of the connection, restarts of the server and the loss of the stream itself.
 *
 * It is an ordered consumer: pushed by the server without acknowledgement, numbered, and made anew behind the last
 * message that came as soon as a number is missing, with the server slowing down when we do (flow control).
 */
export function readOrdered(
  connection: Connection,
  manager: JetStreamManager,
  { stream, filter, ensure, after }: OrderedSource,
  handlers: OrderedHandlers,
): Stop {
  const { nats, inboxPrefix, log } = connection;
  const retry = createRetry(100, 5000);
  let stopped = false;
  /** Counts the beginnings; what belongs to an older one is ignored. */
  let generation = 0;
  let created: string | undefined;
  let lastSequence = after ?? 0;
  let delivered = 0;
  let heardAtMs = Date.now();
  let consumer: string | undefined;
  let unsubscribe: Stop = () => {};

  const leave = (): void => {
    generation++;
    unsubscribe();
    unsubscribe = () => {};
    const old = consumer;
    consumer = undefined;
    if (old === undefined || !connection.connected) return;
    manager.consumers.delete(stream, old).catch(() => {}); // the server drops it by itself too
  };

  const begin = (): void => {
    if (stopped || !connection.connected) return;
    leave();
    heardAtMs = Date.now();
    const mine = generation;
    start(mine).catch((thrown: unknown) => {
      if (mine !== generation || stopped) return;
      log.warn({ stream }, `cannot read a stream yet: ${errorText(thrown)}`);
      retry.later(begin);
    });
  };

  const start = async (mine: number): Promise<void> => {
    await askJetStream(connection, ensure);
    const info = await askJetStream(connection, () => manager.streams.info(stream));
    if (mine !== generation) return;
    if (created !== undefined && (created !== info.created || info.state.last_seq < lastSequence)) {
      lastSequence = 0;
      handlers.restarted();
    }
    created = info.created;
    handlers.began?.({ created, first: info.state.first_seq, last: info.state.last_seq });
    delivered = 0;
    const inbox = createInbox(inboxPrefix);
    unsubscribe = listen(connection, inbox, (message) => {
      if (mine === generation) receive(message);
    });
    const name = randomBytes(9).toString('base64url');
    consumer = name;
    const config = {
      name,
      deliver_subject: inbox,
      filter_subject: filter,
      ack_policy: AckPolicy.None,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(inactiveMs),
      ...(lastSequence === 0 && after === undefined
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: lastSequence + 1 }),
    };
    const made = await askJetStream(connection, () => manager.consumers.add(stream, config));
    if (mine !== generation) return;
    retry.succeeded();
    if (made.num_pending === 0 && made.delivered.consumer_seq === 0 && delivered === 0) handlers.caughtUp();
  };

  const receive = (message: Msg): void => {
    heardAtMs = Date.now();
    const place = placeOf(message.reply ?? '');
    if (place === undefined) {
      control(message);
      return;
    }
    if (place.consumer !== ++delivered) {
      begin();
      return;
    }
    lastSequence = place.stream;
    try {
      handlers.message({
        subject: message.subject,
        data: message.data,
        header: (name) => message.headers?.get(name) ?? '',
        sequence: place.stream,
        storedMs: place.storedMs,
      });
    } finally {
      if (place.pending === 0) handlers.caughtUp();
    }
  };

  /** A heartbeat, which tells the number of the last message, or a request to say that we are still there. */
  const control = (message: Msg): void => {
    const stalled = message.headers?.get('Nats-Consumer-Stalled') ?? '';
    const answerTo = message.reply || stalled;
    if (answerTo !== '' && answerTo.startsWith('$JS.FC.')) nats.publish(answerTo);
    const last = message.headers?.get('Nats-Last-Consumer') ?? '';
    if (last !== '' && Number(last) !== delivered) begin();
  };

  const watchdog = setInterval(() => {
    if (connection.connected && consumer !== undefined && Date.now() - heardAtMs > 3 * heartbeatMs) begin();
  }, heartbeatMs).unref();
  const unhear = connection.onStatus(({ type }) => {
    if (type === 'reconnected') begin();
    else {
      retry.cancel();
      leave();
    }
  });
  begin();
  return () => {
    stopped = true;
    clearInterval(watchdog);
    retry.cancel();
    unhear();
    leave();
  };
}

/**
 * What a delivered message's reply subject tells:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>[.<more>]`
 */
function placeOf(
  reply: string,
): { stream: number; consumer: number; storedMs: number; pending: number } | undefined {
  if (!reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const skip = tokens.length === 9 ? 0 : 2;
  const number = (index: number): number => Number(tokens[index + skip]);
  // the time is in nanoseconds
  const storedMs = Math.floor(number(7) / 1e6);
  const place = { stream: number(5), consumer: number(6), storedMs, pending: number(8) };
  return Object.values(place).every(Number.isSafeInteger) ? place : undefined;
}
