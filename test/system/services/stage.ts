import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  request as startRequest,
} from 'node:http';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { loadOrCreateCallerKey, signCallerToken } from '../../../src/auth/caller-tokens.js';
import type { Identity } from '../../../src/auth/identity.js';
import { Fleet } from '../../support/fleet.js';

/** A request as a service saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
}

/** A service that answers everything with 200 and the path, takes WebSockets that echo, and keeps what it saw. */
export interface Service {
  readonly port: number;
  readonly seen: SeenRequest[];
  readonly sockets: ReadonlySet<WebSocket>;
  stop(): void;
}

/** @param where a port of 127.0.0.1 (0: any), or the path of a socket. */
export async function startService(where: number | string = 0): Promise<Service> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer((request, response) => {
    note(request);
    response.setHeader('access-control-allow-origin', 'https://of-the-service.test');
    if (request.url === '/stream') {
      response.write('first\n');
      return;
    }
    request.resume();
    request.on('end', () => response.end(`at ${request.url}`));
  });
  const note = ({ method = '', url = '', headers, rawHeaders: raw }: IncomingMessage) =>
    seen.push({ method, url, headers, raw });
  const websockets = new WebSocketServer({ server });
  websockets.on('connection', (socket, request) => {
    note(request);
    socket.on('message', (text) => socket.send(String(text)));
    socket.on('error', () => {});
  });
  if (typeof where === 'string') server.listen(where);
  else server.listen(where, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' ? (bound?.port ?? 0) : 0,
    seen,
    sockets: websockets.clients,
    stop: () => {
      for (const socket of websockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A hub, a real process, with rows, and a maker of tokens for it. */
export interface Stage {
  readonly fleet: Fleet;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** A token that its key has signed. */
  token(over?: Partial<Identity>): Promise<string>;
  stop(): Promise<void>;
}

/** @param config lines of the hub's configuration file. */
export async function startStage(config: readonly string[]): Promise<Stage> {
  const fleet = await Fleet.make();
  const file = join(fleet.dir, 'postern.yaml');
  await writeFile(file, `${config.join('\n')}\n`);
  await fleet.up(['--config', file]);
  const key = await loadOrCreateCallerKey(join(fleet.dir, 'hub/keys'));
  return {
    fleet,
    address: await fleet.hubAddress(),
    token: (over = {}) =>
      signCallerToken(key, {
        subject: 'ann',
        email: 'ann@example.org',
        tokenId: 'by-hand',
        issuer: 'postern',
        roles: ['call'],
        limits: {},
        expiresAtMs: Date.now() + 3_600_000,
        ...over,
      }),
    stop: () => fleet.stop(),
  };
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over HTTP/1.1. `host` is what it calls the hub. */
export function ask(
  address: string,
  host: string,
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
): Promise<Answer> {
  const [name = '', port] = address.split(':');
  return new Promise((resolve, reject) => {
    const sent = startRequest(
      { host: name, port, path, method, headers: { host, ...headers }, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** The `code` of an answer that Postern made. */
export function codeOf({ body }: Answer): string {
  const { code, message } = JSON.parse(body);
  assert.equal(typeof message, 'string');
  return String(code);
}
