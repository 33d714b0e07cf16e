import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CallerVerifier } from '../../src/auth/caller-verifier.js';
import { type IssuerConfigInput, issuerConfig, TrustedIssuer } from '../../src/auth/issuers.js';
import { coolDownMs } from '../../src/auth/key-set.js';
import { testLog } from '../support/nats.js';
import { encoded, type IssuerKey, issuerKey, KeyServer, signed, unauthenticated } from './tokens.js';

const name = 'https://id.example.org/';
const hubKey = generateKeyPairSync('ed25519').publicKey;

describe('tokens of another issuer', () => {
  const keys = [issuerKey('EdDSA', 'ed'), issuerKey('ES256', 'ec'), issuerKey('RS256', 'rsa')];
  const [ed = issuerKey('EdDSA', 'ed'), ec = issuerKey('ES256', 'ec')] = keys;
  let server: KeyServer;
  let now: number;
  const verifier = (config: Partial<IssuerConfigInput> = {}): CallerVerifier => {
    const read = issuerConfig.parse({
      issuer: name,
      audience: 'postern.example.org',
      jwks: server.url,
      roles: ['call'],
      ...config,
    });
    const issuer = new TrustedIssuer(read, { log: testLog, now: () => now });
    return new CallerVerifier({
      publicKey: hubKey,
      issuers: [issuer],
      isRevoked: () => false,
      now: () => now,
    });
  };
  const token = (by: IssuerKey, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    signed(
      {
        iss: name,
        aud: ['other', 'postern.example.org'],
        sub: 'zoe',
        exp: Math.floor(now / 1000) + 86_400,
        scope: 'what the issuer says to others',
        ...claims,
      },
      by.privateKey,
      { alg: by.alg, kid: by.kid, ...header },
    );
  const refuses = async (asked: CallerVerifier, text: string, reason: RegExp, label?: string) =>
    assert.rejects(asked.verify(text), unauthenticated(reason, text), label);

  before(async () => {
    server = await KeyServer.start(keys);
  });
  after(() => server.stop());
  const fresh = () => {
    now = 1_800_000_000_000;
    server.publish(keys);
    server.asked = 0;
  };

  it('are taken when one of its keys has signed them, with any of three algorithms', async () => {
    fresh();
    const asked = verifier();
    for (const key of keys) {
      const identity = await asked.verify(
        await token(key, { jti: 'one', email: 'z@e.org', email_verified: true }),
      );
      assert.equal(identity.subject, 'zoe');
      assert.equal(identity.issuer, name);
      assert.equal(identity.email, 'z@e.org');
      assert.deepEqual(identity.roles, ['call']);
      assert.match(identity.tokenId, /^[0-9a-f]{18}$/);
    }
    assert.equal(server.asked, 1, 'the keys are asked for once');
  });

  it('say what they allow in a claim of their own, and never more than the issuer may give', async () => {
    fresh();
    const asked = verifier({
      mostRoles: ['operate'],
      nodes: ['edge-*', 'site=berlin'],
      methods: ['pkg.*'],
      limits: { inFlight: 10, callsPerSecond: 5 },
    });
    const plain = await asked.verify(await token(ed));
    assert.deepEqual([plain.nodes, plain.methods], [['edge-*', 'site=berlin'], ['pkg.*']]);
    const postern = {
      roles: ['call', 'join'],
      nodes: ['edge-1', 'site=berlin,!gpu'],
      methods: ['pkg.S/*'],
      limits: { inFlight: 99, callsPerSecond: 2, deadlineMs: 7 },
    };
    const said = await asked.verify(await token(ed, { postern }));
    assert.deepEqual([said.nodes, said.methods, said.roles], [postern.nodes, ['pkg.S/*'], ['call', 'join']]);
    assert.deepEqual(said.limits, { inFlight: 10, callsPerSecond: 2, deadlineMs: 7 });
    const rows: [unknown, RegExp][] = [
      [{ roles: ['admin'] }, /more than its issuer.*postern\.roles/],
      [{ nodes: ['*'] }, /more than its issuer.*postern\.nodes/],
      [{ nodes: ['!gpu'] }, /more than its issuer.*postern\.nodes/],
      [{ methods: ['*'] }, /more than its issuer.*postern\.methods/],
      [{ networks: [] }, /a claim that is not known in postern/],
      [{ roles: [] }, /claim postern\.roles/],
      [{ limits: { inFlight: -1 } }, /claim postern\.limits/],
      ['call', /claim postern/],
      [[], /claim postern/],
      [null, /claim postern/],
    ];
    for (const [wanted, reason] of rows) {
      await refuses(asked, await token(ed, { postern: wanted }), reason, JSON.stringify(wanted));
    }
    await refuses(verifier({ roles: [] }), await token(ed), /gives no role.*postern\.roles/);
  });

  it('name an address only where the issuer has verified it, or is believed without', async () => {
    fresh();
    const rows: [Record<string, unknown>, boolean, string | undefined][] = [
      [{ email: 'a@b.org' }, false, undefined],
      [{ email: 'a@b.org', email_verified: false }, true, undefined],
      [{ email: 'a@b.org', email_verified: 'true' }, false, undefined],
      [{ email: 'a@b.org' }, true, 'a@b.org'],
      [{ email: 'a@b.org\r\nx: y', email_verified: true }, true, undefined],
    ];
    for (const [claims, trustEmail, email] of rows) {
      const identity = await verifier({ trustEmail }).verify(await token(ed, claims));
      assert.equal(identity.email, email, JSON.stringify(claims));
    }
  });

  it('are refused when they are not', async () => {
    fresh();
    const asked = verifier();
    const stranger = issuerKey('EdDSA', 'ed');
    const rows: [string, string, RegExp][] = [
      ['another key under a good kid', await token(stranger), /not signed with a key of its issuer/],
      ['a kid that is not there', await token(ed, {}, { kid: 'gone' }), /see kid/],
      ['a kid of another kind of key', await token(ed, {}, { kid: 'rsa' }), /see kid/],
      ['a kid that is no text', await token(ed, {}, { kid: 7 }), /see kid/],
      ['another audience', await token(ed, { aud: 'postern' }), /another audience/],
      ['no subject', await token(ed, { sub: undefined }), /claim sub/],
      ['expired', await token(ed, { exp: now / 1000 - 61 }), /has expired/],
      ["the hub's name as issuer", await token(ed, { iss: 'postern' }), /not signed with this hub/],
      [
        'a public key as a secret',
        await signed({ iss: name }, Buffer.from(JSON.stringify(ed.jwk)), { alg: 'HS256', kid: 'ed' }),
        /see alg/,
      ],
    ];
    for (const [label, text, reason] of rows) await refuses(asked, text, reason, label);
    await refuses(verifier({ algorithms: ['RS256'] }), await token(ed), /see alg/, 'not of this issuer');
  });

  it('are never checked with secrets, private keys or weak ones from a public set', async () => {
    fresh();
    const weak = issuerKey('RS256', 'weak', 1024);
    const open = { ...ed.privateKey.export({ format: 'jwk' }), kid: 'open' };
    const secret = Buffer.alloc(32, 1);
    server.answer.body = JSON.stringify({
      keys: [weak.jwk, open, { kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256' }],
    });
    const asked = verifier();
    const text = `${encoded({ alg: 'RS256', kid: 'weak' })}.${encoded({ iss: name })}`;
    const signature = sign('sha256', Buffer.from(text), weak.privateKey).toString('base64url');
    await refuses(asked, `${text}.${signature}`, /can not be checked/);
    await refuses(asked, await token(ed, {}, { kid: 'open' }), /see kid/);
    await refuses(asked, await signed({ iss: name }, secret, { alg: 'HS256', kid: 'oct' }), /see alg/);
  });

  it('follow a key that is exchanged, and invented ids of keys do not storm the issuer', async () => {
    fresh();
    const asked = verifier();
    const before = await token(ed);
    const identity = await asked.verify(before);
    const newer = issuerKey('EdDSA', 'newer');
    server.publish([newer, ec]);
    await refuses(asked, await token(newer), /see kid/, 'asked a moment ago');
    for (let i = 0; i < 20; i++) await refuses(asked, await token(ed, {}, { kid: `k${i}` }), /see kid/);
    assert.equal(server.asked, 1);
    now += coolDownMs;
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        refuses(asked, await token(ed, {}, { kid: `l${i}` }), /see kid/),
      ),
    );
    assert.equal(server.asked, 2);
    assert.equal((await asked.verify(await token(newer))).subject, 'zoe');
    assert.equal(identity.subject, 'zoe');
    assert.equal(asked.verified(before), undefined, 'the key that was taken back is believed no more');
    await refuses(asked, before, /see kid/);
  });

  it('are taken for an hour while its keys cannot be had, then refused, then taken again', async () => {
    fresh();
    const asked = verifier();
    const known = await token(ed, { jti: 'known' });
    await asked.verify(known);
    server.answer = { status: 503, body: 'away' };
    now += 3_600_000;
    assert.equal((await asked.verify(await token(ec))).subject, 'zoe');
    assert.notEqual(asked.verified(known), undefined);
    now += coolDownMs;
    assert.equal(asked.verified(known), undefined, 'remembered tokens end with the keys');
    await refuses(asked, known, /keys of its issuer can not be had/);
    // An earlier question may have been on its way until now.
    await refuses(asked, known, /keys of its issuer can not be had/);
    const before = server.asked;
    await refuses(asked, await token(ed), /keys of its issuer can not be had/);
    assert.equal(server.asked, before, 'not asked again at once');
    server.publish(keys);
    now += coolDownMs;
    assert.equal((await asked.verify(known)).subject, 'zoe');
  });

  it('are refused while the keys are no keys, too many bytes, elsewhere, or nowhere', async () => {
    const answers: KeyServer['answer'][] = [
      { status: 200, body: 'no JSON' },
      { status: 200, body: '[]' },
      { status: 200, body: '{"keys":[{"kid":"ed"}]}' },
      { status: 200, body: 'endless' },
      { status: 302, body: '', location: `${server.url}?elsewhere` },
      { status: 404, body: '' },
    ];
    for (const answer of answers) {
      fresh();
      server.answer = answer;
      await refuses(verifier(), await token(ed), /can not be had/, JSON.stringify(answer));
      assert.equal(server.asked, 1, JSON.stringify(answer));
    }
    fresh();
    await refuses(verifier({ jwks: 'http://127.0.0.1:1/' }), await token(ed), /can not be had/);
  });

  it('may have their keys in a file', async () => {
    fresh();
    const dir = await mkdtemp(join(tmpdir(), 'postern-keys-'));
    try {
      const path = join(dir, 'jwks.json');
      await writeFile(path, server.answer.body);
      for (const jwks of [path, `file://${path}`]) {
        assert.equal((await verifier({ jwks }).verify(await token(ec))).subject, 'zoe');
      }
      await writeFile(path, `${server.answer.body}${' '.repeat(70_000)}`);
      await refuses(verifier({ jwks: path }), await token(ec), /can not be had/);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('need keys from an encrypted place, or from this machine', () => {
    const good = [
      'https://id.example.org/keys',
      'http://localhost:8/x',
      'http://127.0.0.1/',
      'http://[::1]:1/',
      '/etc/k',
    ];
    const bad = [
      'http://id.example.org/',
      'http://127.0.0.1.evil.org/',
      'ftp://x/',
      'keys.json',
      'http://10.0.0.1/',
    ];
    const config = (jwks: string) => issuerConfig.safeParse({ issuer: name, audience: 'a', jwks }).success;
    for (const place of good) assert.ok(config(place), place);
    for (const place of bad) assert.ok(!config(place), place);
    assert.ok(!issuerConfig.safeParse({ issuer: 'postern', audience: 'a', jwks: '/k' }).success);
  });
});
