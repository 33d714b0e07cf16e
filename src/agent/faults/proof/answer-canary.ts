import { connect } from 'node:net';
import { parseAddress } from '../../../wire/address.js';
import type { Canary, Expectation, Sight } from '../injection.js';
import { socketSight } from './socket-sight.js';
import { tcpCanary } from './tcp-canary.js';

/** What a client of HTTP/2 says first, and settings without any (RFC 9113, sections 3.4 and 6.5). */
const hello = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** Greets a server of HTTP/2: the kernel takes a connection for a process that stands still, only the process answers. */
export function answerCanary(path: Canary['path'], target: string, expects?: Expectation): Canary {
  return {
    path,
    name: `answers at ${target}`,
    ...(expects === undefined ? {} : { expects }),
    look: (signal) => greet(target, signal),
  };
}

/** Connects to a server of this machine, without a word. None for a unix socket: that is no way of the network. */
export function loopbackCanaries(path: Canary['path'], target: string): Canary[] {
  const address = parseAddress(target);
  if ('path' in address) return [];
  return [tcpCanary(path, { address: address.host || '127.0.0.1', port: address.port })];
}

function greet(target: string, signal: AbortSignal): Promise<Sight> {
  const address = parseAddress(target);
  const open = () =>
    'path' in address
      ? connect(address.path)
      : connect({ host: address.host || '127.0.0.1', port: address.port });
  return socketSight(open, signal, (socket, settle) => {
    socket.once('connect', () => socket.write(hello));
    // Of a server of TLS it is an alert: an answer all the same.
    socket.once('data', () => settle(true, 'answers'));
    socket.on('error', (error) => settle(false, 'code' in error ? String(error.code) : error.message));
    socket.once('close', () => settle(false, 'closed'));
  });
}
