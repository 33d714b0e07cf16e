import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecretName, withoutSecrets } from '../../src/actors/secrets.js';
import { shownFacts } from '../../src/actors/shown-facts.js';
import { makeJoinToken } from '../../src/auth/join-tokens.js';
import { createUserKey } from '../../src/bus/nkeys.js';

const mostBytes = 2_560;
const shown = (facts: Record<string, unknown>) => JSON.stringify(shownFacts(facts, mostBytes));

const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{12,80}$/);
const password = fc.stringMatching(/^[A-Za-z0-9!$%_~@-]{10,40}$/);
/** A secret as it may stand in a text, and the part of it that nobody may see. */
const planted: fc.Arbitrary<readonly [text: string, secret: string]> = fc.oneof(
  fc.tuple(base64url, base64url, base64url).map(([a, b, c]) => [`eyJ${a}.${b}.${c}`, c] as const),
  fc.nat().map(() => {
    const { token } = makeJoinToken();
    return [token, token.slice(-64)] as const;
  }),
  fc.nat().map(() => {
    const { seed } = createUserKey();
    const text = Buffer.from(seed).toString();
    return [text, text.slice(10)] as const;
  }),
  password.map((word) => [`nats://hub:${word}@10.0.0.1:4222`, word] as const),
  fc
    .tuple(fc.constantFrom('token', 'api_key', 'PASSWORD', 'clientSecret'), base64url)
    .map(([name, word]) => [`--${name}=${word}`, word] as const),
  base64url.map((word) => [`{"refreshToken": "${word}"}`, word] as const),
  fc
    .tuple(
      fc.constantFrom('Authorization: ', 'bearer ', 'Basic 1', 'cookie: session=', 'password: ', 'Secret: "'),
      base64url,
    )
    .map(([before, word]) => [`${before}${word}`, word] as const),
  base64url.map((word) => [`-----BEGIN PRIVATE KEY-----\n${word}\n-----END PRIVATE KEY-----`, word] as const),
);
const secretNames = [
  ...[
    'pass',
    'basicAuth',
    'token',
    'accessToken',
    'X-Auth-Token',
    'client_secret',
    'PassWord',
    'db.passwd',
    'Authorization',
  ],
  ...['credentials', 'natsCreds', 'creds', 'nkeySeed', 'seed', 'privateKey', 'PRIVATE_KEY', 'Set-Cookie'],
  ...['jwt', 'userJWT', 'api-key', 'invite', 'auth'],
];

/** Facts of any shape in which the secret stands somewhere: in a text, or below a name that says that it is one. */
function factsWith(text: string, secret: string): fc.Arbitrary<Record<string, unknown>> {
  const words = fc.string({ maxLength: 30 });
  const inText = fc
    .tuple(words, words, fc.boolean())
    .map(([before, after, far]) => `${before}${far ? 'x '.repeat(700) : ' '}${text} ${after}`);
  const leaf: fc.Arbitrary<unknown> = fc.oneof(
    inText,
    inText.map((value) => ({ [value]: 1 })),
    inText.map((value) => new Error(value)),
    inText.map((value) => new Map([['a', value]])),
    fc.constantFrom(...secretNames).map((name) => ({ [name]: secret })),
    fc.constantFrom(...secretNames).map((name) => ({ [name]: { deep: [secret] } })),
  );
  const wrapped = fc.tuple(leaf, fc.nat(4), fc.boolean()).map(([value, depth, inArray]) => {
    let whole = value;
    for (let i = 0; i < depth; i += 1) whole = inArray ? [whole, i] : { around: whole, i };
    return whole;
  });
  return fc
    .tuple(fc.dictionary(words, fc.jsonValue()), wrapped)
    .map(([facts, value]) => ({ value, ...facts, last: value }));
}

test('no secret that is planted among facts comes through', () => {
  fc.assert(
    fc.property(
      planted.chain(([text, secret]) => fc.tuple(factsWith(text, secret), fc.constant(secret))),
      ([facts, secret]) => {
        const told = shown(facts);
        assert.ok(!told.includes(secret), `${secret} stands in ${told}`);
        // nor any half of it
        for (const half of [secret.slice(0, 8), secret.slice(-8)]) {
          if (JSON.stringify(secretNames).includes(half)) continue;
          assert.ok(!told.includes(half), `${half} of ${secret} stands in ${told}`);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('facts are never told at more length than there is room for, and are always JSON', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true, withMap: true })),
      (facts) => {
        const told = shown(facts);
        assert.ok(Buffer.byteLength(told) <= mostBytes, `${Buffer.byteLength(told)} bytes`);
        assert.deepEqual(JSON.parse(told), JSON.parse(JSON.stringify(shownFacts(facts, mostBytes))));
      },
    ),
    { numRuns: 500 },
  );
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`fact${i}`, 'ü'.repeat(i)]));
  const long = { list: Array.from({ length: 5_000 }, (_, i) => i), after: 1 };
  for (const facts of [wide, long, { a: wide, b: long }]) {
    assert.ok(Buffer.byteLength(shown(facts)) <= mostBytes);
  }
});

test('a secret that is cut in two in a very long text is not seen either', () => {
  const { seed } = createUserKey();
  const secret = Buffer.from(seed).toString();
  // what stands before it is a secret itself, and so long that its place comes into view
  const text = `eyJ${'a'.repeat(4_050)} ${secret}`;
  assert.equal(withoutSecrets(text).trim(), '[secret]');
});

test('what is left out for its length or its depth is said', () => {
  const { text, list, after } = shownFacts({ text: 'a'.repeat(600), list: [1, 2, 3], after: 1 }, mostBytes);
  assert.deepEqual([text, list, after], [`${'a'.repeat(511)}…`, [1, 2, 3], 1]);
  const many = shownFacts(
    { first: 1, list: Array.from({ length: 2_000 }, () => 'entry'), last: 1 },
    mostBytes,
  );
  assert.equal(many['…'], '… 1 left out');
  assert.match(JSON.stringify(many.list), /"… \d+ left out"\]$/);
  const deep = shownFacts({ a: { b: { c: { d: { e: { f: { g: 1 } } } } } } }, mostBytes);
  assert.deepEqual(deep, { a: { b: { c: { d: { e: { f: '… left out' } } } } } });
});

test('secrets are known in the fields, options and credentials of others', () => {
  for (const text of [
    'x-auth-token: hunter2',
    'X-Api-Key: hunter2',
    'api_key: hunter2',
    'it ran: app --token hunter2',
    'it ran: app --db-password hunter2 --loud',
    String.raw`it said "{\"password\":\"hunter2\"}"`,
    'it was sent Basic dXNlcjpodW50ZXIy',
    'it was sent basic aHVudGVyOmh1bnRlcg',
  ]) {
    const shown = withoutSecrets(text);
    assert.match(shown, /\[secret\]/, text);
    assert.doesNotMatch(shown, /hunter2|dXNlcjpo|aHVudGVy/, text);
  }
  for (const text of ['Basic authentication', 'basic usage: -- none', 'key: value', 'public-key: UABC']) {
    assert.equal(withoutSecrets(text), text);
  }
});

test('what is no secret is told as it is', () => {
  const facts = {
    node: 'attic',
    instances: { '1-a': { epoch: 1, standing: 'ready', missed: 0 } },
    error: { code: 'TOKEN_INVALID', message: 'the token was refused: it has expired' },
    target: '127.0.0.1:9091',
    way: 'wss://hub.example.org/ws?x=1',
    spec: { key: 'k', keys: ['a'], sequence: 3, tokens: true, nothing: null },
    peer: '12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust',
    user: createUserKey().publicKey,
  };
  assert.deepEqual(shownFacts({ ...facts, left: undefined }, mostBytes), facts);
});

test('names of secrets are known however they are spelled, and names of other things are none', () => {
  for (const name of secretNames) assert.ok(isSecretName(name), name);
  for (const name of ['node', 'key', 'sequence', 'passed', 'author', 'bypass', 'code', 'context', 'credit']) {
    assert.ok(!isSecretName(name), name);
  }
});

test('a very long text is dealt with at once', () => {
  const begun = process.cpuUsage();
  for (const text of [
    'a'.repeat(1 << 20),
    'token'.repeat(1 << 18),
    '//'.repeat(1 << 19),
    'eyJ '.repeat(1 << 18),
  ]) {
    withoutSecrets(`${text}=`);
    shown({ text });
  }
  const { user } = process.cpuUsage(begun);
  assert.ok(user < 1_500_000, `${user} µs`);
});

test('a name that would change what an object is stays a name', () => {
  const facts: Record<string, unknown> = JSON.parse('{"__proto__": {"a": 1}, "b": 2}');
  assert.deepEqual(shownFacts(facts, mostBytes), { '(__proto__)': { a: 1 }, b: 2 });
});
