import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { keysPath } from '../../auth/assertion.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { formatAddress, parseAddress } from '../../wire/address.js';
import { bearerIn } from '../face/caller.js';
import type { CheckToken } from './token-caller.js';

const gatewayPath = '/v1/jwt_auth_gateway/';
const adminGatewayPath = '/v1/admin_jwt_auth_gateway/';
/** A proxy waits for the answer with its client's request: so long, milliseconds. */
const answerMs = 5_000;
/** A request has so long to come in whole, milliseconds. */
const requestMs = 10_000;
const mostConnections = 10_000;

/** The REST gateway: proxies ask it whether to let a request in. */
export interface RestGateway {
  readonly listening: readonly string[];
  close(): Promise<void>;
}

/** Listens. Throws `LISTEN_FAILED`. */
export async function openRest(
  addresses: readonly string[],
  given: { readonly check: CheckToken; readonly publicKeys: string; readonly log: Logger },
): Promise<RestGateway> {
  const servers: Server[] = [];
  const listening: string[] = [];
  const close = async () => {
    await Promise.all(servers.map(closed));
  };
  try {
    for (const address of addresses) {
      const server = createServer(
        { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: 1_000 },
        (request, response) => {
          answer(request, response, given).catch((thrown: unknown) => {
            given.log.error({ err: thrown }, 'a request to the REST gateway failed');
            say(response, 500);
          });
        },
      );
      server.maxConnections = mostConnections;
      listening.push(await listen(server, address));
      servers.push(server);
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { listening, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { check, publicKeys }: { check: CheckToken; publicKeys: string },
): Promise<void> {
  // What a proxy asks about may have a body; nothing of it is read here.
  request.resume();
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return say(response, 405, { allow: 'GET, HEAD' });
  if (path === keysPath) return say(response, 200, { 'content-type': 'application/json' }, publicKeys);
  if (path === '/healthz') return say(response, 200);
  const admin = path === adminGatewayPath || path === adminGatewayPath.slice(0, -1);
  if (!admin && path !== gatewayPath && path !== gatewayPath.slice(0, -1)) return say(response, 404);
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const token = bearerIn(header);
  const challenge = { 'www-authenticate': 'Bearer' };
  if (token === undefined) return say(response, 401, challenge);
  try {
    const found = await check(token, { deadlineMs: Date.now() + answerMs });
    if (admin && !found.admin) return say(response, 401, challenge);
    say(response, 202, { user_email: found.email });
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    if (thrown.code === 'UNAUTHENTICATED') return say(response, 401, challenge);
    // Nobody can tell now: a proxy lets nobody in, and the client may try again.
    say(response, 503, { 'retry-after': '1' });
  }
}

function say(response: ServerResponse, code: number, headers: Record<string, string> = {}, body = ''): void {
  if (response.headersSent) return;
  response.writeHead(code, {
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

function listen(server: Server, text: string): Promise<string> {
  const address = parseAddress(text, 'listen');
  return new Promise((resolve, reject) => {
    server.once('error', (thrown) =>
      reject(new PosternError('LISTEN_FAILED', `cannot listen on ${text}: ${errorText(thrown)}`)),
    );
    const ready = () => {
      const bound = server.address();
      const isTcp = typeof bound === 'object' && bound !== null && 'port' in address;
      resolve(isTcp ? formatAddress({ host: address.host, port: bound.port }) : text);
    };
    if ('path' in address) server.listen(address.path, ready);
    else if (address.host === '') server.listen(address.port, ready);
    else server.listen(address.port, address.host, ready);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
