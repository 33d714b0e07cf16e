import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { CallerVerifier } from '../../src/auth/caller-verifier.js';
import { clockSkewMs } from '../../src/auth/token-claims.js';
import { encoded, signed, unauthenticated } from './tokens.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const nowMs = 1_800_000_000_000;
const now = nowMs / 1000;
const verifier = (options: { revoked?: string; now?: () => number } = {}) =>
  new CallerVerifier({
    publicKey,
    isRevoked: (id) => id === options.revoked,
    now: options.now ?? (() => nowMs),
  });
const base = { iss: 'postern', aud: 'postern', sub: 'ci', jti: 'j1', roles: ['call'], exp: now + 3600 };
const own = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  signed({ ...base, ...claims }, privateKey, { alg: 'EdDSA', ...header });
/** A token whose payload is exactly this text. */
const raw = async (payload: string, header = '{"alg":"EdDSA"}') => {
  const text = `${encoded(header)}.${encoded(payload)}`;
  const { sign } = await import('node:crypto');
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
};
const json = JSON.stringify(base);

describe("a token of the hub's own", () => {
  it('says who may do what', async () => {
    const claims = {
      email: 'a@b.example',
      roles: ['call', 'join'],
      nodes: ['edge-*', 'site=berlin,!gpu'],
      methods: ['/etcdserverpb.KV/*', 'pkg.*'],
      limits: {
        callsPerSecond: 100,
        inFlight: 50,
        bytesPerSecond: 1e7,
        messageBytes: 4e6,
        deadlineMs: 30_000,
      },
    };
    assert.deepEqual(await verifier().verify(await own(claims)), {
      ...claims,
      methods: ['etcdserverpb.KV/*', 'pkg.*'],
      subject: 'ci',
      tokenId: 'j1',
      issuer: 'postern',
      expiresAtMs: nowMs + 3_600_000,
    });
  });

  it('is refused, never widened, when a claim is not known or malformed', async () => {
    const rows: [Record<string, unknown>, RegExp][] = [
      [{ networks: ['10.0.0.0/8'] }, /a claim that is not known/],
      [{ limits: { perDay: 5 } }, /not known in limits/],
      [{ limits: { inFlight: 0 } }, /claim limits\.inFlight/],
      [{ limits: { inFlight: '5' } }, /claim limits\.inFlight/],
      [{ limits: { callsPerSecond: -1 } }, /claim limits\.callsPerSecond/],
      [{ limits: null }, /claim limits/],
      [{ nodes: 'edge-*' }, /claim nodes/],
      [{ nodes: null }, /claim nodes/],
      [{ nodes: ['a,b'] }, /claim nodes/],
      [{ nodes: ['site=berlin,'] }, /claim nodes/],
      [{ nodes: ['!'] }, /claim nodes/],
      [{ methods: ['pkg.Service'] }, /claim methods/],
      [{ methods: ['pkg.S*'] }, /claim methods/],
      [{ methods: ['*/Get'] }, /claim methods/],
      [{ methods: ['pkg.Service/../Other/Get'] }, /claim methods/],
      [{ methods: { '*': true } }, /claim methods/],
      [{ roles: 'admin' }, /claim roles/],
      [{ roles: ['call', 'root'] }, /claim roles/],
      [{ email: 'nobody' }, /claim email/],
      [{ sub: '' }, /claim sub/],
    ];
    for (const [claims, reason] of rows) {
      const token = await own(claims);
      await assert.rejects(verifier().verify(token), unauthenticated(reason, token), JSON.stringify(claims));
    }
    assert.deepEqual((await verifier().verify(await own({ nodes: [], methods: [] }))).nodes, []);
  });

  it('may have clocks that differ by 60 s, and no more', async () => {
    const rows: [Record<string, unknown>, number, RegExp | undefined][] = [
      [{ exp: now }, clockSkewMs, undefined],
      [{ exp: now }, clockSkewMs + 1, /has expired/],
      [{ nbf: now }, -clockSkewMs, undefined],
      [{ nbf: now }, -clockSkewMs - 1, /claim nbf/],
      [{ iat: now }, -clockSkewMs, undefined],
      [{ iat: now }, -clockSkewMs - 1, /claim iat/],
      [{ exp: undefined }, 0, /claim exp is missing/],
      [{ exp: String(now + 3600) }, 0, /claim exp .* no time/],
      [{ exp: -1 }, 0, /claim exp .* no time/],
      [{ exp: 1e300 }, 0, /claim exp .* no time/],
      [{ nbf: 'now' }, 0, /claim nbf .* no time/],
    ];
    for (const [claims, ahead, reason] of rows) {
      const asked = verifier({ now: () => nowMs + ahead });
      const token = await raw(JSON.stringify({ ...base, ...claims }));
      const label = `${JSON.stringify(claims)} ${ahead}`;
      if (reason === undefined) assert.equal((await asked.verify(token)).subject, 'ci', label);
      else await assert.rejects(asked.verify(token), unauthenticated(reason, token), label);
    }
  });

  it('has one spelling and one meaning', async () => {
    const good = await own();
    const [header = '', payload = '', signature = ''] = good.split('.');
    // 64 bytes end with one of A, Q, g and w.
    const lastBits = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(85) + 1);
    const rows: [string, string | Promise<string>, RegExp][] = [
      ['a claim twice', raw(`{"nodes":["a"],${json.slice(1, -1)},"nodes":["*"]}`), /says something twice/],
      [
        'a claim twice, spelled with an escape',
        raw(`{"\\u0073ub":"x",${json.slice(1)}`),
        /says something twice/,
      ],
      [
        'twice within',
        raw(`${json.slice(0, -1)},"limits":{"inFlight":1,"inFlight":9}}`),
        /says something twice/,
      ],
      ['twice in the header', raw(json, '{"alg":"none","alg":"EdDSA"}'), /header of the token says/],
      ['no object', raw('[]'), /no JSON object/],
      ['no JSON', raw('{'), /not JSON/],
      [
        'no UTF-8',
        raw(json).then(() => `${encoded('{}')}.${Buffer.from([0xff]).toString('base64url')}.AA`),
        /not JSON/,
      ],
      ['a byte order mark', raw(`\u{feff}${json}`), /not JSON/],
      ['a dot behind it', `${good}.`, /not a JWT/],
      ['a dot before it', `.${good}`, /not a JWT/],
      ['four parts', `${good}.AA`, /not a JWT/],
      ['no signature', `${header}.${payload}.`, /not a JWT/],
      ['padding', `${header}.${payload}.${signature}==`, /not a JWT/],
      ['plain base64', `${header}.${payload}.+/${signature.slice(2)}`, /not a JWT/],
      ['bits behind the last byte', `${header}.${payload}.${lastBits}`, /not a JWT/],
      ['letters that look alike', good.replace(/[eA]/, 'е'), /not a JWT/],
      ['a space within', `${header}. ${payload}.${signature}`, /not a JWT/],
      ['more than 8 KiB', own({ email: 'x'.repeat(8_200) }), /too long/],
    ];
    for (const [name, token, reason] of rows) {
      const text = await token;
      await assert.rejects(verifier().verify(text), unauthenticated(reason, text), name);
    }
    assert.equal((await verifier().verify(await raw(json))).subject, 'ci', 'the forge itself works');
    assert.equal((await verifier().verify(await own({ sub: 'Zoë' }))).subject, 'Zoë');
  });

  it('is of the one algorithm, without extensions', async () => {
    const publicBytes = publicKey.export({ format: 'der', type: 'spki' });
    const publicPem = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }));
    const rows: [string, string | Promise<string>, RegExp][] = [
      ['none', `${encoded({ alg: 'none' })}.${encoded(json)}.AA`, /see alg/],
      ['None', `${encoded({ alg: 'None' })}.${encoded(json)}.AA`, /see alg/],
      ['no alg', `${encoded({})}.${encoded(json)}.AA`, /see alg/],
      ['HS256 with the public key', signed(base, publicBytes, { alg: 'HS256' }), /see alg/],
      ['HS256 with its PEM', signed(base, publicPem, { alg: 'HS256' }), /see alg/],
      ['crit', raw(json, '{"alg":"EdDSA","crit":["exp"],"exp":1}'), /see crit/],
      ['b64', raw(json, '{"alg":"EdDSA","crit":["b64"],"b64":false}'), /see crit/],
      ['another type', raw(json, '{"alg":"EdDSA","typ":"dpop+jwt"}'), /see typ/],
      [
        'a key of its own',
        own({}, { jwk: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) }),
        /^$/,
      ],
      ['an audience among others', own({ aud: ['x', 'postern'] }), /^$/],
      ['other audiences', own({ aud: ['x', 'y'] }), /another audience/],
      ['no audience', own({ aud: undefined }), /another audience/],
      ['an issuer that is nobody', own({ iss: 'https://evil.example' }), /claim iss/],
      ['an issuer that is no text', raw(json.replace('"postern"', '["postern"]')), /claim iss/],
    ];
    for (const [name, token, reason] of rows) {
      const text = await token;
      if (reason.source === '^$') assert.equal((await verifier().verify(text)).subject, 'ci', name);
      else await assert.rejects(verifier().verify(text), unauthenticated(reason, text), name);
    }
  });

  it('ends with its expiry or its revocation, which are told apart', async () => {
    let at = nowMs;
    const asked = verifier({ now: () => at, revoked: 'j2' });
    const identity = await asked.verify(await own());
    assert.equal(asked.ended(identity), undefined);
    at = nowMs + 3_600_000 + clockSkewMs + 1;
    assert.equal(asked.ended(identity), 'the token has expired');
    assert.equal(asked.ended({ ...identity, tokenId: 'j2', expiresAtMs: at }), 'the token was revoked');
    const token = await own({ jti: 'j2', exp: at });
    await assert.rejects(asked.verify(token), unauthenticated(/was revoked/, token));
  });

  it('stands for one identity, however many ask at once', async () => {
    const asked = verifier();
    const token = await own();
    const found = await Promise.all(Array.from({ length: 8 }, () => asked.verify(token)));
    assert.equal(new Set(found).size, 1);
  });
});
