import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { acceptedKeys } from '../../src/auth/accepted-keys.js';
import { loadOrCreateServiceKey, type ServiceKey } from '../../src/auth/service-key.js';
import { type ServiceKeys, signServiceToken, verifyServiceToken } from '../../src/auth/service-tokens.js';
import { createLogger } from '../../src/log.js';

const log = createLogger('silent', {});

describe('tokens for services', () => {
  let dir: string;
  let file: string;
  let key: ServiceKey;
  let keys: ServiceKeys[];
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-service-token-'));
    file = path.join(dir, 'key.jwk');
    key = await loadOrCreateServiceKey(file);
    keys = [await acceptedKeys(key.publicKey, log)];
  });
  after(() => rm(dir, { recursive: true }));

  const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;
  const made = (services: Record<string, string> = { rpl: 'h:1' }): Promise<string> =>
    signServiceToken(key, { client: 'berty', services, expiresAt: inAnHour() });

  /** A token of any content, signed with the right key. */
  async function forged(header: object, payload: object): Promise<string> {
    const privateKey = createPrivateKey({ key: JSON.parse(await readFile(file, 'utf8')), format: 'jwk' });
    const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const signature = sign(null, Buffer.from(parts.join('.')), privateKey).toString('base64url');
    return [...parts, signature].join('.');
  }

  test('are good until they end, for the services that they name', async () => {
    const token = await made({ rpl: 'h:1', psh: 'p:2' });
    assert.deepEqual((await verifyServiceToken(token, { keys, scope: 'psh' })).services, {
      rpl: 'h:1',
      psh: 'p:2',
    });
    for (const scope of ['gold', 'rp', 'constructor', '']) {
      await assert.rejects(verifyServiceToken(token, { keys, scope }), { code: 'TOKEN_REFUSED' }, scope);
    }
    const later = (seconds: number) => ({ keys, scope: 'rpl', nowMs: Date.now() + seconds * 1000 });
    await verifyServiceToken(token, later(3_600));
    await assert.rejects(verifyServiceToken(token, later(3_700)), { message: /has expired/ });
    await assert.rejects(verifyServiceToken(token, later(-3_600)), { message: /not made yet/ });
  });

  test('with any sign changed are none', async () => {
    const token = await made();
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...letters), async (at, letter) => {
        fc.pre(token[at] !== letter);
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        await assert.rejects(verifyServiceToken(changed, { keys, scope: 'rpl' }), { code: 'TOKEN_REFUSED' });
      }),
      { numRuns: 300 },
    );
  });

  test('of another key, of no key, and what the same key has signed for something else are refused', async () => {
    const other = await loadOrCreateServiceKey(path.join(dir, 'other.jwk'));
    const foreign = await signServiceToken(other, {
      client: 'c',
      services: { rpl: 'h:1' },
      expiresAt: inAnHour(),
    });
    await assert.rejects(verifyServiceToken(foreign, { keys, scope: 'rpl' }), { code: 'TOKEN_REFUSED' });
    await assert.rejects(verifyServiceToken(await made(), { keys: [], scope: 'rpl' }), {
      code: 'TOKEN_REFUSED',
    });
    await verifyServiceToken(foreign, {
      keys: [...keys, await acceptedKeys(other.publicKey, log)],
      scope: 'rpl',
    });

    const header = { alg: 'EdDSA', typ: 'postern-service+jwt', kid: key.id };
    const payload = {
      ...{ iss: 'postern-token-server', sub: 'c', jti: 'j', scope: 'rpl', services: { rpl: 'h:1' } },
      exp: inAnHour(),
    };
    await verifyServiceToken(await forged(header, payload), { keys, scope: 'rpl' });
    for (const [head, body] of [
      [{ ...header, typ: 'JWT' }, payload],
      [{ ...header, alg: 'none' }, payload],
      [{ ...header, kid: undefined }, payload],
      [{ ...header, crit: ['x'] }, payload],
      [header, { ...payload, iss: 'postern' }],
      [header, { ...payload, exp: undefined }],
      [header, { ...payload, scope: 'psh' }],
      [header, { ...payload, services: {} }],
      [header, { ...payload, services: { RPL: 'h:1' } }],
    ] as const) {
      const token = await forged(head, body);
      await assert.rejects(verifyServiceToken(token, { keys, scope: 'rpl' }), { code: 'TOKEN_REFUSED' });
    }
  });

  test('are checked by a key in base64, a file, or a URL that is safe; a private key is none of these', async () => {
    const set = path.join(dir, 'set.json');
    await writeFile(set, key.publicKeys);
    const standard = Buffer.from(key.publicKey, 'base64url').toString('base64');
    for (const place of [standard, set, `file://${set}`]) {
      await verifyServiceToken(await made(), { keys: [await acceptedKeys(place, log)], scope: 'rpl' });
    }
    await acceptedKeys('http://127.0.0.1:1/.well-known/jwks.json', log);
    for (const place of [file, path.join(dir, 'missing'), 'http://tokens.example.org/keys', 'short']) {
      const secret = JSON.parse(await readFile(file, 'utf8')).d;
      await assert.rejects(acceptedKeys(place, log), (thrown) => {
        assert.ok(thrown instanceof Error && 'code' in thrown && thrown.code === 'KEY_INVALID');
        return !thrown.message.includes(secret);
      });
    }
  });

  test('need a key file that holds a key', async () => {
    const bad = path.join(dir, 'bad.jwk');
    await writeFile(bad, '{"kty":"OKP"}');
    await assert.rejects(loadOrCreateServiceKey(bad), {
      code: 'KEY_INVALID',
      message: /bad\.jwk is not an Ed25519 key/,
    });
  });
});
