import { connect as connectHttp2 } from 'node:http2';
import type { Duplex } from 'node:stream';
import { endStream, headers, preface, settings } from './frames.js';
import { call } from './harness.js';
import { secure } from './tls-stage.js';

/** One way to speak to a front, from the first byte on to an answer. */
export interface Spoken {
  readonly overTls: boolean;
  /** How long its preface is, in bytes: within it, and right behind it, a packet may end. */
  readonly prefaceBytes: number;
  /** Resolves to what came back, once it is all there. */
  speak(connection: Duplex): Promise<string>;
  readonly answer: RegExp;
}

const frames = Buffer.concat([
  preface,
  settings,
  headers(
    1,
    {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/a.B/C',
      ':authority': 'localhost',
      'content-type': 'application/grpc',
    },
    endStream,
  ),
]);
const get = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst`;
const line = '{"token":"t","node":"n"}\n';

/** Says something in one piece, and waits for the answer. */
function asking(said: string | Buffer, answer: RegExp): (connection: Duplex) => Promise<string> {
  return (connection) =>
    new Promise((resolve, reject) => {
      let text = '';
      connection.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (answer.test(text)) resolve(text);
      });
      connection.on('error', () => {});
      connection.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
      connection.write(said);
    });
}

function plain(said: string | Buffer, prefaceBytes: number, answer: RegExp): Spoken {
  return { overTls: false, prefaceBytes, answer, speak: asking(said, answer) };
}

function withinTls(said: string, alpn: readonly string[] | undefined, answer: RegExp): Spoken {
  return {
    overTls: true,
    prefaceBytes: 6,
    answer,
    speak: async (carrier) => {
      const socket = await secure({ socket: carrier, ...(alpn && { ALPNProtocols: [...alpn] }) });
      // Written before the handshake is over: it leaves with the last flight.
      return asking(said, answer)(socket);
    },
  };
}

const http2OverTls: Spoken = {
  overTls: true,
  prefaceBytes: 6,
  answer: /^0$/,
  speak: async (carrier) => {
    const socket = await secure({ socket: carrier, ALPNProtocols: ['h2'] });
    const client = connectHttp2('https://localhost', { createConnection: () => socket });
    client.on('error', () => {});
    const { head } = await call(client);
    client.destroy();
    return String(head?.headers['grpc-status']);
  },
};

/** HEADERS on stream 1 that end it: their type, flags and stream. */
const headersFrame = /\cA\cE\0\0\0\cA/;
const upgraded = /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nfirst$/;
const http1Answer = /^HTTP\/1\.1 200 OK[\s\S]*hello over HTTP\/1\.1/;
const forwarded = /^\{"ok":true\}\n$/;

/** All that a front speaks. */
export const spoken: Readonly<Record<string, Spoken>> = {
  'HTTP/2': plain(frames, preface.length, headersFrame),
  'HTTP/1.1': plain(get, 4, http1Answer),
  'a WebSocket at /ws': plain(upgrade('/ws'), 4, upgraded),
  'a WebSocket at /nats': plain(upgrade('/nats'), 4, upgraded),
  'a forward': plain(line, 1, forwarded),
  'HTTP/2 over TLS': http2OverTls,
  'HTTP/1.1 over TLS': withinTls(get, ['http/1.1'], http1Answer),
  'HTTP/1.1 over TLS without ALPN': withinTls(get, undefined, http1Answer),
  'a WebSocket over TLS': withinTls(upgrade('/ws'), ['http/1.1'], upgraded),
  'a forward over TLS': withinTls(line, ['http/1.1'], forwarded),
  'a forward over TLS without ALPN': withinTls(line, undefined, forwarded),
};
