import type { Socket } from 'node:net';
import type { Logger } from '../log.js';
import { clientOf } from './client.js';
import { Http1Door } from './http1-door.js';
import { Http2Door } from './http2-door.js';
import type { FrontOptions } from './listener.js';
import { refusePlain, refusePlainLine } from './plain-guard.js';
import { readProxyHeader } from './proxy-protocol.js';
import { matchHttp1, matchHttp2, type Protocol, sniff } from './sniff.js';
import { matchTls, TlsDoor } from './tls-door.js';

/** Default of `FrontLimits.headMs` and of `FrontLimits.handshakeMs`, milliseconds. */
const defaultStepMs = 10_000;

/** A protocol, and how somebody is told that it is spoken within TLS only. */
type Guarded = Protocol & { readonly refusePlain: (socket: Socket) => void };

/** All that one address speaks. */
export class FrontProtocols {
  /** The table of protocols, as connections are told apart by it. */
  readonly all: readonly Protocol[];
  readonly #http1: Http1Door;
  readonly #http2: Http2Door;
  readonly #tls: TlsDoor | undefined;

  constructor(options: FrontOptions, name: string, silentMs: number, log: Logger) {
    const { limits, onForward, tls } = options;
    this.#http1 = new Http1Door(
      (request, response, unbound) => options.onHttp1(request, response, name, unbound),
      options.onUpgrade === undefined
        ? undefined
        : (request, socket, head) => options.onUpgrade?.(request, socket, head, name),
      limits?.headMs ?? defaultStepMs,
    );
    this.#http2 = new Http2Door(
      (stream, headers, rawHeaders) => {
        try {
          options.onStream(stream, headers, rawHeaders, name);
        } catch (error) {
          log.error({ err: error }, 'a call could not be served');
          stream.destroy();
        }
      },
      silentMs,
      limits?.sessions,
    );
    const http2: Guarded = {
      name: 'HTTP/2',
      match: matchHttp2,
      take: (socket) => this.#http2.take(socket),
      refusePlain,
    };
    const others: Guarded[] = [
      { name: 'HTTP/1.1', match: matchHttp1, take: (socket) => this.#http1.take(socket), refusePlain },
    ];
    if (onForward !== undefined) {
      const take = (socket: Socket): void => onForward(socket, name);
      others.push({ name: 'forward', match: matchForward, take, refusePlain: refusePlainLine });
    }
    const strangers: Protocol = {
      name: 'PROXY',
      match: matchProxy,
      take: (socket) => {
        log.warn(
          { from: clientOf(socket).address },
          'a PROXY preamble came from an address that is no trusted proxy',
        );
        socket.destroy();
      },
    };
    if (tls === undefined) {
      this.all = [http2, ...others, strangers];
      return;
    }
    const tlsDoor = new TlsDoor(tls, limits?.handshakeMs ?? defaultStepMs, {
      http2: http2.take,
      // HTTP/2 within TLS is agreed by ALPN and in no other way (RFC 9113 §3.3).
      other: (socket) => sniff(socket, others, silentMs),
      failed: (why) => log.debug({ why }, 'a TLS handshake failed'),
    });
    this.#tls = tlsDoor;
    this.all = [
      { name: 'TLS', match: matchTls, take: (socket) => tlsDoor.take(socket) },
      ...[http2, ...others].map(nearOnly),
      strangers,
    ];
  }

  /** Resolves when all that is open has come to its end; what is new is turned away. */
  async drain(): Promise<void> {
    await Promise.all([this.#http1.drain(), this.#http2.drain()]);
  }

  /** Closes everything at once. */
  close(): void {
    this.#tls?.close();
    this.#http2.close();
    this.#http1.close();
  }
}

/** Without TLS the protocol is spoken only with who may do without it. */
function nearOnly({ name, match, take, refusePlain: refuse }: Guarded): Protocol {
  return {
    name,
    match,
    take: (socket) => (clientOf(socket).mayBePlain ? take(socket) : refuse(socket)),
  };
}

/** Is it a line of JSON? */
function matchForward(bytes: Buffer): 'yes' | 'no' {
  return bytes[0] === 0x7b ? 'yes' : 'no';
}

/** Is it what a proxy says first? Whoever is believed has said it by now, and once is enough. */
function matchProxy(bytes: Buffer): 'yes' | 'no' | 'more' {
  const reading = readProxyHeader(bytes);
  if (reading === 'none') return 'no';
  return reading === 'more' ? 'more' : 'yes';
}
