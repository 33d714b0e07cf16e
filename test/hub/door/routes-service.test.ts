import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ServerCredentials } from '@grpc/grpc-js';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import { loadOrCreateCallerKey, signCallerToken } from '../../../src/auth/caller-tokens.js';
import type { Identity } from '../../../src/auth/identity.js';
import { parseGrpcTimeout } from '../../../src/rpc/timeout.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { startTestNats, type TestNats } from '../../support/nats.js';
import { bareCall, startTestHub, type TestHub } from '../test-hub.js';
import { type RecordingService, startRecordingService } from './recording-service.js';

const code = {
  ok: 0,
  invalid: 3,
  deadline: 4,
  denied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

describe('a gRPC service behind a row of the route table', () => {
  let nats: TestNats;
  let hub: TestHub;
  let service: RecordingService;
  let overUnix: InteropServer;
  let overTls: InteropServer;
  let folder: string;
  let deadAddress: string;

  const sign = async (over: Partial<Identity> = {}) =>
    signCallerToken(await loadOrCreateCallerKey(join(nats.dir, 'keys')), {
      subject: 'alice',
      tokenId: 'by-hand',
      issuer: 'postern',
      roles: ['call'],
      limits: {},
      expiresAtMs: Date.now() + 60_000,
      ...over,
    });
  const call = (host: string, headers: Record<string, string | string[]> = {}, path?: string) =>
    bareCall(hub.address, { ':authority': host, ...headers }, path);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-routes-'));
    const authority = await makeAuthority('services');
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, authority.cert);
    const { cert, key } = await authority.issue(['localhost']);
    const pair = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }];
    nats = await startTestNats();
    service = await startRecordingService();
    const dead = await startRecordingService();
    deadAddress = dead.address;
    await dead.stop();
    overUnix = await startInteropServer({ address: `unix:${join(folder, 's.sock')}` });
    overTls = await startInteropServer({ credentials: ServerCredentials.createSsl(null, pair) });
    const to = `grpc://${service.address}`;
    hub = await startTestHub(nats, {
      routes: [
        { name: 'plain', host: 'plain.test', to },
        { name: 'open', host: 'open.test', to, access: 'public' },
        { name: 'ops', host: 'ops.test', to, roles: ['operate'] },
        { name: 'some', host: 'some.test', to, methods: ['pkg.S/Get', 'other.*'] },
        { name: 'open-some', host: 'open-some.test', to, access: 'public', methods: ['pkg.S/Get'] },
        { name: 'below', host: 'below.test', pathPrefix: '/api', to, stripPrefix: true },
        { name: 'dead', host: 'dead.test', to: `grpc://${deadAddress}` },
        { name: 'unix', host: 'unix.test', to: `grpc+${overUnix.address}` },
        { name: 'tls', host: 'tls.test', to: `grpcs://localhost:${overTls.port}`, ca },
        { name: 'untrusted', host: 'untrusted.test', to: `grpcs://localhost:${overTls.port}` },
        { name: 'web', host: 'web.test', to: `http://${service.address}` },
        { name: 'short', host: 'short.test', to, timeoutSeconds: 1.5 },
      ],
    });
  });
  after(async () => {
    await hub.stop();
    await Promise.all([service.stop(), overUnix.stop(), overTls.stop(), nats.stop()]);
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    service.seen.length = 0;
  });

  it('is reached by those alone who may, and hears nothing of the others', async () => {
    const good = { authorization: `Bearer ${await sign()}` };
    const nodesOnly = { jwt: await sign({ nodes: ['edge-*'] }) };
    const methods = { jwt: await sign({ methods: ['pkg.S/Get'] }) };
    const joiner = { jwt: await sign({ roles: ['join'] }) };
    const operator = { jwt: await sign({ roles: ['operate'] }) };
    const expired = { jwt: await sign({ expiresAtMs: Date.now() - 120_000 }) };
    const rows: [string, string, Record<string, string>, string, number][] = [
      ['a good token', 'plain.test', good, '/pkg.S/Get', code.ok],
      ['another spelling of the host', 'PLAIN.test.:443', good, '/pkg.S/Get', code.ok],
      ['the claim nodes has nothing to do with it', 'plain.test', nodesOnly, '/pkg.S/Get', code.ok],
      ['no token', 'plain.test', {}, '/pkg.S/Get', code.unauthenticated],
      ['an expired token', 'plain.test', expired, '/pkg.S/Get', code.unauthenticated],
      ['junk', 'plain.test', { authorization: 'Bearer junk' }, '/pkg.S/Get', code.unauthenticated],
      ['a token that may not call', 'plain.test', joiner, '/pkg.S/Get', code.denied],
      ['a method of its token', 'plain.test', methods, '/pkg.S/Get', code.ok],
      ['another method than of its token', 'plain.test', methods, '/pkg.S/Put', code.denied],
      ['without the role of the row', 'ops.test', good, '/pkg.S/Get', code.denied],
      ['with the role of the row', 'ops.test', operator, '/pkg.S/Get', code.ok],
      ['a method of the row', 'some.test', good, '/pkg.S/Get', code.ok],
      ['a pattern of the row', 'some.test', good, '/other.S/M', code.ok],
      ['no method of the row', 'some.test', good, '/pkg.S/Put', code.denied],
      ['a public row', 'open.test', {}, '/pkg.S/Get', code.ok],
      ['a public row, with a token that is good no more', 'open.test', expired, '/pkg.S/Get', code.ok],
      ['no method of a public row', 'open-some.test', {}, '/pkg.S/Put', code.denied],
      ['a row of a service that takes no calls', 'web.test', good, '/pkg.S/Get', code.unimplemented],
      ['the same without a token', 'web.test', {}, '/pkg.S/Get', code.unauthenticated],
      ['a path that cannot be matched', 'plain.test', good, '/pkg.S/../Get', code.invalid],
      ['the same without a token', 'open.test', {}, '/pkg.S/%2e%2e/Get', code.invalid],
      ['a host that no row names', 'other.test', good, '/pkg.S/Get', code.unimplemented],
      [
        'a node, named before the row',
        'open.test',
        { ...good, name: 'no-such' },
        '/pkg.S/Get',
        code.unavailable,
      ],
      [
        'a node, by the host of a public row',
        'open.test',
        { name: 'no-such' },
        '/pkg.S/Get',
        code.unauthenticated,
      ],
    ];
    for (const [what, host, headers, path, status] of rows) {
      service.seen.length = 0;
      const outcome = await call(host, headers, path);
      assert.equal(outcome.status, status, `${what}: ${outcome.message}`);
      assert.equal(service.seen.length, status === code.ok ? 1 : 0, what);
      if (status === code.ok) assert.equal(service.seen[0]?.[':path'], path, what);
    }
  });

  it('says which claim, role or method is missing', async () => {
    const good = { jwt: await sign({ methods: ['pkg.S/Get'] }) };
    assert.match(
      (await call('ops.test', good, '/pkg.S/Get')).message,
      /needs the role operate for route ops/,
    );
    assert.match((await call('plain.test', good, '/pkg.S/Put')).message, /claim methods/);
    assert.match(
      (await call('some.test', good, '/pkg.S/Put')).message,
      /route some leads to pkg\.S\/Get, other\.\*/,
    );
  });

  it('is told who calls by the hub alone, and never sees the token', async () => {
    const token = await sign({ email: 'alice@example.org' });
    const forged = {
      user_email: 'root@example.org',
      'x-postern-assertion': 'forged',
      'x-postern-caller': 'root',
      'x-forwarded-for': '203.0.113.9',
    };
    const sent: Record<string, string>[] = [
      { authorization: `Bearer ${token}`, kept: 'yes', ...forged },
      { 'x-postern-authorization': token, authorization: 'Basic eA==', kept: 'yes', ...forged },
    ];
    for (const headers of sent) {
      service.seen.length = 0;
      assert.equal((await call('plain.test', headers, '/pkg.S/Get')).status, code.ok);
      const [seen = {}] = service.seen;
      assert.equal(seen.user_email, 'alice@example.org');
      assert.equal(seen.kept, 'yes');
      assert.equal(seen[':authority'], 'plain.test');
      assert.equal(
        seen.authorization,
        headers['x-postern-authorization'] === undefined ? undefined : 'Basic eA==',
      );
      for (const name of ['x-postern-assertion', 'x-postern-caller', 'x-postern-authorization']) {
        assert.equal(seen[name], undefined, name);
      }
      assert.equal(seen['x-forwarded-for'], '127.0.0.1', 'from where it comes, and not what it says of that');
      assert.ok(!JSON.stringify(seen).includes(token));
    }
    service.seen.length = 0;
    assert.equal((await call('open.test', { ...forged, authorization: 'Bearer its-own' })).status, code.ok);
    assert.equal(service.seen[0]?.user_email, undefined);
    assert.equal(service.seen[0]?.authorization, 'Bearer its-own', 'what is for the service passes');
  });

  it('sees the path without the prefix of its row, where the row takes it off', async () => {
    const good = { jwt: await sign({ methods: ['pkg.S/Get'] }) };
    assert.equal((await call('below.test', good, '/api/pkg.S/Get')).status, code.ok);
    assert.equal(service.seen[0]?.[':path'], '/pkg.S/Get');
    assert.equal((await call('below.test', good, '/apis/pkg.S/Get')).status, code.unimplemented);
    assert.equal(service.seen.length, 1);
  });

  it('that is down is told at once, with its row; it is tried anew when it is back', async () => {
    const good = { jwt: await sign() };
    const startedAt = performance.now();
    const outcome = await call('dead.test', good, '/pkg.S/Get');
    assert.ok(performance.now() - startedAt < 5_000);
    assert.equal(outcome.status, code.unavailable);
    assert.equal(outcome.code, 'SERVICE_OFFLINE');
    assert.match(
      outcome.message,
      new RegExp(`grpc://${deadAddress} \\(route dead\\) cannot be reached: .*refused`),
    );
    const back = await startRecordingService(Number(deadAddress.split(':')[1]));
    assert.equal((await call('dead.test', good, '/pkg.S/Get')).status, code.ok);
    await back.stop();
  });

  it('may listen at a unix socket, or speak TLS with a certificate that the row trusts', async () => {
    const good = { jwt: await sign() };
    assert.equal((await call('unix.test', good)).status, code.ok);
    assert.equal((await call('tls.test', good)).status, code.ok);
    assert.equal((await call('untrusted.test', good)).code, 'SERVICE_OFFLINE');
  });

  it('gets no more time than its row gives', async () => {
    const good = { jwt: await sign() };
    const outcome = await call('short.test', { ...good, 'x-hold': 'yes' });
    assert.equal(outcome.status, code.deadline);
    const given =
      parseGrpcTimeout(String(service.seen[0]?.['grpc-timeout'])) ?? assert.fail('none was given');
    assert.ok(given > 0 && given <= 1_500, `${given} ms`);
  });
});
