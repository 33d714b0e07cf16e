import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseByteSize } from '../../src/byte-size.js';
import { Options } from '../../src/cli/options.js';
import { managingCommands } from '../../src/cli/table/managing.js';
import { callerTokenRequest, joinTokenRequest } from '../../src/cli/token-policy.js';
import { issuerKey, KeyServer, signed } from '../auth/tokens.js';
import { Fleet } from '../support/fleet.js';
import { postern } from './postern.js';

describe('postern token', () => {
  let fleet: Fleet;
  let keys: KeyServer;
  const key = issuerKey('ES256', 'k1');
  const issuer = 'https://id.example.org/';
  const inspected = async (args: readonly string[], input?: string) => {
    const done = await fleet.postern(
      ['token', 'inspect', ...args, '-o', 'json'],
      input === undefined ? {} : { input },
    );
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
  };

  before(async () => {
    fleet = await Fleet.make();
    keys = await KeyServer.start([key]);
    await fleet.up(['--jwt-issuer', issuer, '--jwt-audience', 'lab', '--jwt-jwks', keys.url]);
  });
  after(async () => {
    await fleet.stop();
    await keys.stop();
  });

  it('makes a token that says all of its limits, and tells of it without showing it', async () => {
    const token = await fleet.callerToken('ci', [
      ...['--ttl', '1h', '--nodes', 'edge-*,cellar', '--nodes', 'site=berlin,!gpu'],
      ...['--methods', 'etcdserverpb.KV/*,/pkg.S/M', '--rate', '100', '--in-flight', '50', '--bytes', '10MB'],
      ...['--max-message', '4MiB', '--max-deadline', '30s', '--email', 'a@b.example', '--role', 'operate'],
    ]);
    const file = path.join(fleet.dir, 'ci.token');
    await writeFile(file, `${token}\n`);
    const report = await inspected([`@${file}`]);
    const allowed = {
      email: 'a@b.example',
      roles: ['operate'],
      nodes: ['edge-*', 'cellar', 'site=berlin,!gpu'],
      methods: ['etcdserverpb.KV/*', 'pkg.S/M'],
      limits: {
        callsPerSecond: 100,
        inFlight: 50,
        bytesPerSecond: 10_000_000,
        messageBytes: 4_194_304,
        deadlineMs: 30_000,
      },
    };
    for (const [name, value] of Object.entries(allowed)) {
      assert.deepEqual(report[name], value, name);
      assert.deepEqual(report.hub[name], value, `${name}, at the hub`);
    }
    assert.deepEqual([report.kind, report.issuer, report.algorithm], ['caller', 'postern', 'EdDSA']);
    assert.deepEqual([report.subject, report.expired, report.hub.state], ['ci', false, 'valid']);

    const listed = await fleet.postern(['token', 'ls']);
    assert.match(listed.stdout, /^ID +KIND +FOR +STATE +ROLES +NODES +METHODS +LIMITS +EXPIRES/);
    assert.match(
      listed.stdout,
      /ci +valid +operate +edge-\* cellar site=berlin,!gpu +etcdserverpb\.KV\/\* pkg\.S\/M +100 calls/,
    );

    assert.equal((await fleet.postern(['token', 'revoke', report.id])).code, 0);
    const texts = [
      await fleet.postern(['token', 'inspect', '-'], { input: token }),
      await fleet.postern(['token', 'inspect', token, '--offline']),
    ];
    assert.match(texts[0]?.stdout ?? '', /the hub says +revoked/);
    assert.match(texts[1]?.stdout ?? '', /the hub says +nothing: --offline/);
    for (const { stdout, stderr } of [...texts, listed]) {
      for (const part of token.split('.')) assert.ok(!`${stdout}${stderr}`.includes(part));
    }
  });

  it('makes join tokens for several agents, with labels', async () => {
    const made = await fleet.postern([
      'token',
      'create',
      '--join',
      'edge',
      '--uses',
      '3',
      '--label',
      'site=berlin',
    ]);
    const report = await inspected(['-'], made.stdout);
    assert.deepEqual([report.kind, report.hub.subject, report.hub.state], ['join', 'edge', 'unused']);
    assert.deepEqual([report.hub.mostUses, report.hub.uses, report.hub.labels], [3, 0, { site: 'berlin' }]);
    assert.match((await fleet.postern(['token', 'ls'])).stdout, /edge +unused 0\/3 +- +site=berlin/);
    const many = await fleet.postern(['token', 'create', '--join', 'edge', '--many']);
    assert.equal((await inspected(['-'], many.stdout)).hub.mostUses, 64);
  });

  it('tells what is wrong with a token, and quotes nothing of it', async () => {
    const expired = await signed(
      { iss: 'postern', aud: 'postern', sub: 'x', jti: 'secret-id', roles: ['call'], exp: 1_000_000_000 },
      key.privateKey,
      { alg: 'ES256' },
    );
    const old = await postern(['token', 'inspect', expired, '--offline']);
    assert.match(old.stdout, /expires +2001-09-09T01:46:40\.000Z \(expired /);
    assert.match(old.stdout, /signed by +postern \(ES256\), as it says itself/);
    for (const [bad, says] of [
      ['gibberish', /not a JWT/],
      [`${expired}.x`, /not a JWT/],
      [`${'x'.repeat(9_000)}.y.z`, /too long/],
    ] as const) {
      const done = await postern(['token', 'inspect', bad, '--offline']);
      assert.equal(done.code, 1, bad);
      assert.match(done.stderr, says);
      assert.ok(!done.stderr.includes(bad.slice(0, 40)) || bad.length < 10, done.stderr);
    }
    const fault = await signed({ iss: 'postern', aud: 'x', sub: 'x', jti: 'i', exp: 4e9 }, key.privateKey, {
      alg: 'ES256',
    });
    assert.match(
      (await postern(['token', 'inspect', fault, '--offline'])).stdout,
      /fault +the token is for another/,
    );
    assert.equal((await postern(['token', 'inspect', '@/nonexistent/t'])).code, 2);
  });

  it('refuses what it would have to ignore, or could not mean', async () => {
    const rows: [string[], RegExp][] = [
      [['--join', 'n', '--methods', 'a.B/C'], /--methods says nothing about a token made with --join/],
      [['--caller', 'c', '--label', 'a=b'], /--label says nothing about a token made with --caller/],
      [['--caller', 'c', '--bytes', 'lots'], /--bytes: 'lots' is not a size/],
    ];
    for (const [args, says] of rows) {
      const done = await postern(['token', 'create', ...args]);
      assert.equal(done.code, 2, args.join(' '));
      assert.match(done.stderr, says);
      assert.equal(done.stdout, '');
    }
    const specs =
      managingCommands.find(({ path: words }) => words.join(' ') === 'token create')?.options ?? [];
    const given = (flags: Record<string, unknown>) => new Options(specs, new Map(Object.entries(flags)), {});
    const caller: [Record<string, unknown>, RegExp][] = [
      [{ rate: '0' }, /no number of calls/],
      [{ rate: '-1' }, /no number of calls/],
      [{ 'in-flight': '1.5' }, /no whole number/],
      [{ 'max-message': '0' }, /not a size/],
      [{ 'max-deadline': '0' }, /0 seconds/],
      [{ ttl: '0' }, /0 seconds/],
      [{ role: 'root' }, /one of call, join, operate, trace, admin/],
    ];
    for (const [flags, says] of caller) assert.throws(() => callerTokenRequest('c', given(flags)), says);
    const join: [Record<string, unknown>, RegExp][] = [
      [{ uses: '2', many: true }, /either --uses or --many/],
      [{ uses: '65' }, /no whole number from 1 to 64/],
      [{ label: 'site' }, /not KEY=VALUE/],
    ];
    for (const [flags, says] of join) assert.throws(() => joinTokenRequest('n', given(flags)), says);
    const bad = await fleet.postern(['token', 'create', '--caller', 'c', '--methods', 'pkg.Service']);
    assert.match(bad.stderr, /methods: a method pattern is pkg\.Service\/Method/);
  });

  it('of an issuer that the hub was told of is taken too', async () => {
    const claims = { iss: issuer, aud: 'lab', sub: 'zoe', exp: Math.floor(Date.now() / 1000) + 600 };
    const header = { alg: 'ES256', kid: 'k1' };
    const nodes = (token: string) => fleet.postern(['nodes', '-o', 'json', '--token', token]);
    const good = await nodes(
      await signed({ ...claims, postern: { roles: ['call'] } }, key.privateKey, header),
    );
    assert.equal(good.code, 0, good.stderr);
    const silent = await nodes(await signed(claims, key.privateKey, header));
    assert.match(silent.stderr, /gives no role: claim postern\.roles is missing/);
    const stranger = issuerKey('ES256', 'k1').privateKey;
    const forged = await nodes(await signed({ ...claims, postern: { roles: ['call'] } }, stranger, header));
    assert.match(forged.stderr, /not signed with a key of its issuer/);
    const half = await postern(['up', '--jwt-issuer', issuer]);
    assert.equal(half.code, 2);
    assert.match(half.stderr, /jwt.*audience/s);
  });
});

describe('sizes', () => {
  it('are bytes, with units by 1000 and by 1024', () => {
    const rows: [string, number | undefined][] = [
      ['4096', 4096],
      ['10MB', 1e7],
      ['1.5k', 1500],
      ['512 KiB', 524_288],
      ['2gib', 2_147_483_648],
      ['1.0001k', undefined],
      ['-1', undefined],
      ['1XB', undefined],
      ['', undefined],
      ['1e3', undefined],
    ];
    for (const [text, bytes] of rows) assert.equal(parseByteSize(text), bytes, text);
  });
});
