import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type JWTPayload, SignJWT } from 'jose';
import { connect as connectNats, credsAuthenticator, type NatsConnection } from 'nats';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import { loadOrCreateCallerKey } from '../../../src/auth/caller-tokens.js';
import { Fleet } from '../../support/fleet.js';
import { startGrpcUpstream, startHttpUpstream, type Upstream } from './upstreams.js';
import { type Shown, type Way, waysInto } from './ways.js';

const email = 'alice@example.org';
const forged: Readonly<Record<string, string>> = {
  user_email: 'root@example.org',
  'user-email': 'root@example.org',
  'x-postern-caller': 'root',
  'x-postern-roles': 'admin',
  'x-postern-assertion': 'a.b.c',
};

describe('every door', { timeout: 180_000 }, () => {
  let fleet: Fleet;
  let nodeServer: Upstream;
  let service: Upstream;
  let web: Upstream;
  let ways: Way[];
  let tracer: NatsConnection;
  const shown = new Map<string, Shown>();
  /** Messages on the bus that open a call for a test's path, or a forward. */
  let opened = 0;

  before(async () => {
    [nodeServer, service, web] = await Promise.all([
      startGrpcUpstream(),
      startGrpcUpstream(),
      startHttpUpstream(),
    ]);
    fleet = await Fleet.make();
    const authority = await makeAuthority('the doors');
    const { cert, key } = await authority.issue(['localhost', '127.0.0.1']);
    const file = (name: string) => path.join(fleet.dir, name);
    await Promise.all([writeFile(file('cert.pem'), cert), writeFile(file('key.pem'), key)]);
    const hub = await fleet.up([
      ...['--tls-cert-file', file('cert.pem'), '--tls-key-file', file('key.pem')],
      ...['--route', `path=/service.,to=grpc://${service.address}`],
      ...['--route', `path=/web,to=http://${web.address}`],
    ]);
    await fleet.agent('cellar', [nodeServer.address]);
    ways = waysInto(await fleet.hubAddress(), authority.cert);

    const creds = await fleet.postern(['bus', 'creds', '--role', 'tracer']);
    const inboxPrefix = /--inbox-prefix (\S+)/.exec(creds.stderr)?.[1] ?? assert.fail(creds.stderr);
    const authenticator = credsAuthenticator(new TextEncoder().encode(creds.stdout));
    tracer = await connectNats({ servers: String(hub.ready.nats), authenticator, inboxPrefix });
    tracer.subscribe('postern.call.>', {
      callback: (_error, message) => {
        if (/doors\.Probe|postern\.forward/.test(Buffer.from(message.data).toString('latin1'))) opened++;
      },
    });
    await tracer.flush();
    await makeTokens();
  });
  after(async () => {
    await tracer?.close();
    await fleet.stop();
    await Promise.all([nodeServer.stop(), service.stop(), web.stop()]);
  });

  const makeTokens = async () => {
    const good = await fleet.callerToken('alice', ['--email', email]);
    const role = await fleet.callerToken('joiner', ['--role', 'join']);
    const elsewhere = await fleet.callerToken('elsewhere', ['--nodes', 'other-*', '--methods', 'other.*']);
    const revoked = await fleet.callerToken('revoked');
    const { tokens } = JSON.parse(
      (await fleet.postern(['call', 'hub', 'postern.v1.TokensService/ListTokens'])).stdout,
    ) as { tokens: { id: string; subject: string }[] };
    const id = tokens.find((token) => token.subject === 'revoked')?.id ?? assert.fail();
    assert.equal((await fleet.postern(['token', 'revoke', id])).code, 0);

    const key = await loadOrCreateCallerKey(path.join(fleet.dir, 'hub', 'keys'));
    const [head = '', payload = '', signature = ''] = good.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as JWTPayload;
    const sign = (over: JWTPayload, by = key.privateKey) =>
      new SignJWT({ ...claims, ...over }).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' }).sign(by);
    const now = Math.floor(Date.now() / 1000);
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    const bad: Record<string, string> = {
      nonsense: 'x',
      'another signature': `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
      'no signature': `${unsigned}.${payload}.`,
      'the key of somebody else': await sign({}, generateKeyPairSync('ed25519').privateKey),
      'another audience': await sign({ aud: 'elsewhere' }),
      expired: await sign({ exp: now - 90, iat: now - 100 }),
      revoked,
    };
    shown.set('nothing', { token: undefined, forged: {} });
    shown.set('nothing but a forged identity', { token: undefined, forged });
    for (const [name, token] of Object.entries(bad)) shown.set(name, { token, forged: {} });
    shown.set('a role that calls nothing', { token: role, forged: {} });
    shown.set('other nodes and methods', { token: elsewhere, forged: {} });
    shown.set('the right token', { token: good, forged: {} });
    shown.set('the right token and a forged identity', { token: good, forged });
  };

  const reached = () => nodeServer.seen() + service.seen() + web.seen();
  /** Calls of the tracer come in order: what was published before is heard after this. */
  const settled = async () => {
    await tracer.flush();
    return reached() + opened;
  };
  const expected = (credential: string, way: string): RegExp => {
    const own = /own services/.test(way);
    if (credential.startsWith('the right token')) {
      // Neither the hub's own services nor a forward tell who they were called by.
      return own || /forward/.test(way) ? /^served$/ : new RegExp(`^served user_email=${email}$`);
    }
    if (credential === 'a role that calls nothing') return /^denied$/;
    if (credential === 'other nodes and methods') return own ? /^served$/ : /^denied$/;
    return /^unauthenticated$/;
  };

  it('lets in who may come in, as who they are, and nobody else', async () => {
    const wrong: string[] = [];
    for (const [credential, what] of shown) {
      for (const way of ways) {
        const before = await settled();
        const outcome = await way.enter(what);
        const wanted = expected(credential, way.name);
        if (!wanted.test(outcome))
          wrong.push(`${way.name}, with ${credential}: ${outcome}, not ${wanted.source}`);
        const after = await settled();
        const inside = after > before;
        const mayReach = outcome.startsWith('served') && !/own services/.test(way.name);
        if (inside !== mayReach)
          wrong.push(`${way.name}, with ${credential}: ${after - before} seen behind it`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});
