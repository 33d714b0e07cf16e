import type { PublishOptions } from 'nats';
import { errorText } from '../errors.js';
import type { PeerAddress } from '../rpc/exchange-port.js';
import type { Bus, Stop } from './bus.js';
import { type Connection, listen } from './connection.js';
import { fillSubject, parseSubject } from './subject-pattern.js';
import { subjects } from './subjects.js';

/** So many senders, and peers that were sent to, are remembered with their subjects. */
const mostPeers = 10_000;

/** For messages whose fate nobody asks for. */
const plain: PublishOptions = { reply: '' };

/** Where a peer is sent to, and where the server tells that nobody listens there. */
interface Route {
  readonly subject: string;
  /** Where the server's answer goes, but for the ticket at its end. */
  readonly hintSubject: string;
}

/**
 * The calls of one process: one subscription, one message per `send`. A message that is sent belongs to the port: its
 * bytes are copied only when the client writes to its socket, at the latest at the end of the turn.
 */
export function joinCalls(
  connection: Connection,
  self: PeerAddress,
  handlers: Parameters<Bus['joinCalls']>[1],
): ReturnType<Bus['joinCalls']> {
  const { nats, inboxPrefix, metrics, log } = connection;
  const mine = { to: self.name, toInstance: self.instance };
  const hintPrefix = `${inboxPrefix}.nr.`;

  const senders = new Map<string, PeerAddress>();
  const senderOf = (subject: string): PeerAddress | undefined => {
    const known = senders.get(subject);
    if (known !== undefined) return known;
    const params = parseSubject(subjects.call, subject);
    if (params === undefined) return undefined;
    const sender = { name: params.from, instance: params.fromInstance };
    if (senders.size >= mostPeers) senders.clear();
    senders.set(subject, sender);
    return sender;
  };

  const makeRoute = (to: PeerAddress): Route => {
    const subject = fillSubject(subjects.call.pattern, {
      to: to.name,
      toInstance: to.instance,
      from: self.name,
      fromInstance: self.instance,
    });
    return { subject, hintSubject: `${hintPrefix}${to.name}.${to.instance}.` };
  };
  // by the address object, so that a message to a peer costs no new string
  const routes = new WeakMap<PeerAddress, Route>();
  const routeTo = (to: PeerAddress): Route => {
    let route = routes.get(to);
    if (route === undefined) {
      route = makeRoute(to);
      routes.set(to, route);
    }
    return route;
  };

  const unreachable = (subject: string): { to: PeerAddress; ticket: number } | undefined => {
    const [name, instance, ticket, ...rest] = subject.slice(hintPrefix.length).split('.');
    if (name === undefined || instance === undefined || ticket === undefined || rest.length > 0)
      return undefined;
    return { to: { name, instance }, ticket: Number(ticket) };
  };

  const port = {
    get maxMessageBytes() {
      return connection.maxPayloadBytes;
    },
    get connected() {
      return connection.connected;
    },
    send(to: PeerAddress, message: Uint8Array, ticket: number): void {
      if (!connection.connected) {
        metrics.dropped('disconnected');
        return;
      }
      try {
        const route = routeTo(to);
        nats.publish(route.subject, message, ticket === 0 ? plain : { reply: route.hintSubject + ticket });
      } catch (thrown) {
        metrics.dropped(message.length > connection.maxPayloadBytes ? 'too-large' : 'disconnected');
        log.error({ to: to.name, bytes: message.length }, `cannot send a message: ${errorText(thrown)}`);
      }
    },
  };

  const stops: Stop[] = [
    // the server compares a subscription literally with what is allowed, and `.>` is not the same as `.*.*`
    listen(connection, `postern.call.${mine.to}.${mine.toInstance}.*.*`, (message) => {
      const from = senderOf(message.subject);
      if (from !== undefined) handlers.receive(from, message.data);
    }),
    listen(connection, `${hintPrefix}*.*.*`, (message) => {
      const missed = unreachable(message.subject);
      if (missed !== undefined && message.data.length === 0 && message.headers?.code === 503) {
        handlers.noResponders(missed.to, missed.ticket);
      } else metrics.dropped('reply');
    }),
  ];
  return {
    port,
    heard: nats.flush().catch(() => {}),
    stop: () => {
      for (const stop of stops.splice(0)) stop();
    },
  };
}
