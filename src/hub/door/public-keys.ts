import { type AssertionSigner, keysPath } from '../../auth/assertion.js';
import { answerError, type HttpClient } from '../../wire/http-proxy-client.js';
import type { HttpHead } from '../../wire/http-proxy-head.js';

/** True for the path of the hub's public keys, with or without a query. */
export function isKeysPath(target: string): boolean {
  return target === keysPath || target.startsWith(`${keysPath}?`);
}

/** Tells everybody the keys that assertions are verified with. */
export function tellKeys({ publicKeys }: AssertionSigner, { method }: HttpHead, client: HttpClient): void {
  if (method !== 'GET' && method !== 'HEAD') {
    const message = 'the method here is GET, HEAD';
    answerError(client, method, { status: 405, code: 'INVALID', message }, ['allow', 'GET, HEAD']);
    return;
  }
  const fields = ['content-type', 'application/jwk-set+json', 'content-length', String(publicKeys.length)];
  client.respond(200, [...fields, 'cache-control', 'public, max-age=300'], method === 'HEAD');
  client.body.resume();
  if (method === 'HEAD') return;
  client.out.write(publicKeys);
  client.finish([]);
}
