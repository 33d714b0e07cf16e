import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { SignJWT } from 'jose';
import { PosternError } from '../../src/errors.js';

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As a set of keys holds it. */
  readonly jwk: Record<string, unknown>;
}

/** A new key for the algorithm. */
export function issuerKey(alg: 'EdDSA' | 'ES256' | 'RS256', kid: string, rsaBits = 2048): IssuerKey {
  const { privateKey, publicKey } =
    alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: rsaBits });
  return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

/** A token with any claims and header. */
export function signed(
  claims: Record<string, unknown>,
  by: KeyObject | Uint8Array,
  header: { alg: string; [name: string]: unknown },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(by);
}

/** Base64url of a text, or of a value as JSON. */
export function encoded(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** For `assert.rejects`: refused with this reason, in which nothing of the token stands. */
export function unauthenticated(reason: RegExp, token = '') {
  return (thrown: unknown): boolean => {
    if (!(thrown instanceof PosternError) || thrown.code !== 'UNAUTHENTICATED') return false;
    const told = JSON.stringify([thrown.message, thrown.hint, thrown.cause ?? null]);
    const quoted = token.split('.').some((part) => part.length > 8 && told.includes(part));
    return reason.test(thrown.message) && !quoted;
  };
}

/** A server that gives a set of keys, or whatever else it is told to. */
export class KeyServer {
  /** How often it was asked. */
  asked = 0;
  /** What it answers: a status, and a text or bytes without end. */
  answer: { status: number; body: string | 'endless'; location?: string } = {
    status: 200,
    body: '{"keys":[]}',
  };
  readonly #server: Server;

  constructor() {
    this.#server = createServer((_, response) => {
      this.asked++;
      const { status, body, location } = this.answer;
      response.writeHead(status, location === undefined ? {} : { location });
      if (body !== 'endless') {
        response.end(body);
        return;
      }
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
  }

  static async start(keys: readonly IssuerKey[] = []): Promise<KeyServer> {
    const server = new KeyServer();
    server.publish(keys);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  publish(keys: readonly IssuerKey[]): void {
    this.answer = { status: 200, body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }) };
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    const { port } = address;
    return `http://127.0.0.1:${port}/jwks.json`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
