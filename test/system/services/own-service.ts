import { once } from 'node:events';
import { createServer } from 'node:http';
import { readAssertionKeys, verifyAssertion } from '../../../src/auth/assertion.js';
import { errorText } from '../../../src/errors.js';

/** A service that trusts an assertion of the hub alone: it answers 200 with whom it has proven, else 401 with why not. */
export interface OwnService {
  readonly port: number;
  /** Moves its clock, in milliseconds. */
  setClock(aheadMs: number): void;
  /** The assertion of the last request. */
  lastAssertion(): string;
  stop(): void;
}

/** @param hub reads the keys there when the first request comes; `127.0.0.1:PORT`. */
export async function startOwnService(hub: () => string, audience: string): Promise<OwnService> {
  let aheadMs = 0;
  let last = '';
  const server = createServer((request, response) => {
    const shown = request.headers['x-postern-assertion'];
    const text = typeof shown === 'string' ? shown : '';
    last = text;
    const check = async () => {
      if (text === '') throw new Error('there is no assertion');
      const keys = readAssertionKeys(await (await fetch(`http://${hub()}/.well-known/jwks.json`)).text());
      return verifyAssertion(text, { keys, audience, nowMs: Date.now() + aheadMs });
    };
    check().then(
      ({ subject, email, issuer }) =>
        response.end(JSON.stringify({ subject, email, issuer, said: request.headers.user_email })),
      (thrown: unknown) => response.writeHead(401).end(errorText(thrown)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' ? (bound?.port ?? 0) : 0,
    setClock: (ms) => {
      aheadMs = ms;
    },
    lastAssertion: () => last,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
