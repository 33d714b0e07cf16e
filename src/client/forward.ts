import { connect as connectTcp, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { type Address, formatAddress, parseAddress } from '../wire/address.js';
import { bind } from '../wire/bind.js';
import { readFirstLine } from '../wire/first-line.js';
import { joinDuplexes } from '../wire/join-duplexes.js';
import type { HubTarget } from './hub-target.js';

/** The hub has to answer within this time, in milliseconds; it may have to reach a node first. */
const answerWithinMs = 20_000;
/** Bound for the connection to the hub, in milliseconds. */
const connectWithinMs = 10_000;
const longestAnswer = 16 * 1024;

const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);

/** Where connections at this machine are led. */
export interface ForwardOptions {
  readonly hub: HubTarget;
  readonly node: string;
  /** `HOST:PORT` as the node sees it; '' for the server that takes its calls. */
  readonly target: string;
}

/**
 * Opens one connection to the target. Throws `PosternError` with the hub's code (`PERMISSION_DENIED`, `NODE_OFFLINE`,
 * `TARGET_REFUSED`, `TARGET_UNREACHABLE`, …), or `HUB_UNREACHABLE`, `HUB_ANSWER_INVALID`.
 */
export async function dialForward({ hub, node, target }: ForwardOptions): Promise<Socket> {
  const socket = dialHub(hub);
  try {
    // The token is for the hub alone: nothing is written before its certificate was looked at.
    await connected(socket, hub);
    const request = { token: hub.token ?? '', node, ...(target === '' ? {} : { target }) };
    socket.write(`${JSON.stringify(request)}\n`);
    const said = answer.safeParse(JSON.parse(await firstLine(socket, hub)));
    if (!said.success) throw new SyntaxError('not as expected');
    if (!said.data.ok) throw new PosternError(said.data.code, said.data.message);
    return socket;
  } catch (thrown) {
    socket.destroy();
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw new PosternError(
      'HUB_ANSWER_INVALID',
      `what answers at ${hub.address} (${hub.from}) does not forward connections`,
    );
  }
}

/** A listener whose every connection leads to a target behind a node. */
export interface ForwardListener {
  /** As bound. */
  readonly address: string;
  /** Takes no more, and ends what is open. */
  stop(): Promise<void>;
}

/** Listens, and forwards each connection by itself. Throws what `bind` throws. */
export async function listenForward(
  listen: Address,
  options: ForwardOptions,
  log: Logger,
): Promise<ForwardListener> {
  const open = new Set<Socket>();
  const server: Server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
    (client) => {
      open.add(client);
      client.once('close', () => open.delete(client));
      client.on('error', () => {}); // 'close' follows
      dialForward(options).then(
        (remote) => joinDuplexes(client, remote),
        (thrown: unknown) => {
          const code = thrown instanceof PosternError ? thrown.code : undefined;
          log.error({ code, node: options.node }, `a connection was not forwarded: ${errorText(thrown)}`);
          client.destroy();
        },
      );
    },
  );
  const bound = await bind(server, listen);
  server.on('error', () => {}); // errors of accepting pass; the server goes on
  return {
    address: formatAddress(bound),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function dialHub({ address, tls }: HubTarget): Socket {
  const to = parseAddress(address);
  const where = 'path' in to ? to : { host: to.host || 'localhost', port: to.port };
  const plain = connectTcp({ ...where, allowHalfOpen: true, noDelay: true });
  if (tls === undefined) return plain;
  plain.on('error', (error) => socket.destroy(error));
  const socket = connectTls({
    socket: plain,
    ...('host' in where && isIP(where.host) === 0 ? { servername: where.host } : {}),
    ...('host' in where ? { host: where.host } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    rejectUnauthorized: tls.rejectUnauthorized,
    ALPNProtocols: ['http/1.1'],
  });
  return socket;
}

/** Resolves when the connection stands, and the hub is who it has to be. */
function connected(socket: Socket, hub: HubTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(unreachable(hub, why));
    };
    const timer = setTimeout(() => fail('no connection in time'), connectWithinMs);
    socket.once(hub.tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      resolve();
    });
    // Stays on: an error is followed by 'close', and without a listener it would end the process.
    socket.on('error', (error) => fail(error.message));
    socket.once('close', () => fail('it closed the connection'));
  });
}

function unreachable(hub: HubTarget, why: string): PosternError {
  return new PosternError('HUB_UNREACHABLE', `no hub answers at ${hub.address} (${hub.from}): ${why}`);
}

/** The hub's answer; what follows it stays unread, and the socket is paused. */
function firstLine(socket: Socket, hub: HubTarget): Promise<string> {
  const limits = { mostBytes: longestAnswer, timeoutMs: answerWithinMs };
  return readFirstLine(socket, limits, (reason) => {
    if (reason === 'long') return new SyntaxError('too long');
    const late = `no answer within ${answerWithinMs / 1000} s`;
    return unreachable(hub, reason === 'late' ? late : 'it closed the connection');
  });
}
