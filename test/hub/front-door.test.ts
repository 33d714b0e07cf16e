import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { loadOrCreateCallerKey, signCallerToken } from '../../src/auth/caller-tokens.js';
import type { Identity } from '../../src/auth/identity.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import {
  ask,
  bareCall,
  bearer,
  credentialsIn,
  enrol,
  joinToken,
  ownClients,
  startTestHub,
  type TestHub,
} from './test-hub.js';

const status = {
  invalidArgument: 3,
  permissionDenied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

describe('the front door', () => {
  let nats: TestNats;
  let hub: TestHub;
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
  const call = (token: string, headers: Record<string, string | string[]> = {}, path?: string) =>
    bareCall(hub.address, { authorization: `Bearer ${token}`, ...headers }, path);

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    // Known, but never connected.
    credentialsIn(await enrol(hub.address, 'quiet', createUserKey(), await joinToken(hub, 'quiet')));
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
  });

  it('lets nobody through without a good token', async () => {
    const foreign = generateKeyPairSync('ed25519').privateKey;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const good = await sign();
    const [, payload] = good.split('.');
    const other = (audience: string) =>
      loadOrCreateCallerKey(join(nats.dir, 'keys')).then((key) =>
        new SignJWT({ roles: ['admin'], sub: 'x', jti: 'x', exp: 2e9, iss: 'postern', aud: audience })
          .setProtectedHeader({ alg: 'EdDSA' })
          .sign(key.privateKey),
      );
    const rows: [string, Record<string, string>, RegExp][] = [
      ['none', {}, /missing/],
      ['no bearer', { authorization: 'Basic YTpi' }, /missing/],
      ['empty', { authorization: 'Bearer ' }, /missing|not a JWT/],
      ['junk', { jwt: 'junk' }, /not a JWT/],
      [
        'another key',
        {
          authorization: `Bearer ${await new SignJWT({ roles: ['admin'], sub: 'x', jti: 'x', exp: 2e9, iss: 'postern', aud: 'postern' }).setProtectedHeader({ alg: 'EdDSA' }).sign(foreign)}`,
        },
        /not signed/,
      ],
      ['alg none', { authorization: `Bearer ${encode({ alg: 'none' })}.${payload}.` }, /not a JWT/],
      ['expired', { authorization: `Bearer ${await sign({ expiresAtMs: Date.now() - 62_000 })}` }, /expired/],
      ['another audience', { authorization: `Bearer ${await other('elsewhere')}` }, /another audience/],
      [
        'ours is bad, theirs is good',
        { 'x-postern-authorization': 'junk', authorization: `Bearer ${good}` },
        /not a JWT/,
      ],
    ];
    for (const [name, headers, reason] of rows) {
      for (const where of [{ 'x-postern-node': 'quiet' }, { name: 'nobody' }, {}]) {
        const outcome = await bareCall(hub.address, { ...headers, ...where });
        assert.equal(outcome.status, status.unauthenticated, name);
        assert.equal(outcome.code, 'UNAUTHENTICATED', name);
        assert.match(outcome.message, reason, name);
      }
    }
    for (const headers of [
      { jwt: good },
      { 'x-postern-authorization': good },
      { authorization: `bearer ${good}` },
    ]) {
      const outcome = await bareCall(hub.address, { ...headers, name: 'quiet' });
      assert.equal(outcome.code, 'NODE_OFFLINE', JSON.stringify(outcome));
      assert.equal(
        (await bareCall(hub.address, { ...headers, name: 'quiet' })).code,
        'NODE_OFFLINE',
        'and again',
      );
    }
  });

  it('stops a token that was revoked, also one that it has seen before', async () => {
    const clients = ownClients(hub.address);
    try {
      const made = await ask<{ id: string; token: string }>((callback) =>
        clients.tokens.createCallerToken(
          { subject: 'bob', nodes: [], roles: [], ttlSeconds: 0, methods: [], limits: undefined, email: '' },
          bearer(hub.adminToken),
          callback,
        ),
      );
      assert.equal((await call(made.token, { name: 'quiet' })).code, 'NODE_OFFLINE');
      await ask((callback) => clients.tokens.revokeToken({ id: made.id }, bearer(hub.adminToken), callback));
      const outcome = await call(made.token, { name: 'quiet' });
      assert.equal(outcome.status, status.unauthenticated);
      assert.match(outcome.message, /revoked/);
    } finally {
      clients.close();
    }
  });

  it('lets callers through to their nodes alone, and tells nothing of others', async () => {
    const token = await sign({ nodes: ['mine*'] });
    for (const name of ['quiet', 'nobody']) {
      const outcome = await call(token, { name });
      assert.deepEqual([outcome.status, outcome.code], [status.permissionDenied, 'PERMISSION_DENIED']);
    }
    const outcome = await call(token, { name: 'mine-1' });
    assert.deepEqual([outcome.status, outcome.code], [status.unavailable, 'NODE_UNKNOWN']);
    assert.equal(outcome.message, "node 'mine-1' is not known here");
  });

  it('says of a node that is not there when it was last seen', async () => {
    const outcome = await call(await sign(), { name: 'quiet' });
    assert.equal(outcome.status, status.unavailable);
    assert.equal(outcome.message, "node 'quiet' is not connected (never seen)");
  });

  it('takes no name that is no DNS label', async () => {
    const token = await sign();
    const names = [
      '>',
      '*',
      'a.b',
      'A',
      '',
      'hub',
      '-a',
      'a-',
      'a b',
      'x'.repeat(300),
      'n\u00e9',
      'quiet.>',
      '$SYS',
      '__proto__',
    ];
    for (const name of names) {
      for (const key of ['name', 'x-postern-node']) {
        const outcome = await call(token, { [key]: name });
        assert.deepEqual(
          [outcome.status, outcome.code],
          [status.invalidArgument, 'NODE_NAME_INVALID'],
          JSON.stringify(name),
        );
        assert.match(outcome.message, /names no node: .*(DNS label|reserved)/);
        assert.ok(outcome.message.length < 300);
      }
    }
    assert.equal((await call(token, { name: ['quiet', 'quiet'] })).code, 'NODE_OFFLINE', 'the first of two');
  });

  it('answers what is no gRPC call with an HTTP status', async () => {
    const outcome = await bareCall(hub.address, { 'content-type': 'text/plain' });
    assert.equal(outcome.code, 'BAD_REQUEST');
  });

  it('answers by itself where no node is named', async () => {
    const token = await sign();
    const outcome = await call(token, {}, '/no.such.Service/Method');
    assert.equal(outcome.status, status.unimplemented);
    assert.equal(outcome.code, undefined, 'not an error of the front door');
    const healthy = await bareCall(hub.address, {}, '/grpc.health.v1.Health/Check');
    assert.equal(healthy.status, 0, 'health needs no token');
    const named = await bareCall(hub.address, { name: 'quiet' }, '/grpc.health.v1.Health/Check');
    assert.equal(named.status, status.unauthenticated, "but a node's health does");
  });

  it('believes nobody who says who they are', async () => {
    const token = await sign({ roles: ['call'] });
    const forged = { 'x-postern-caller': 'root', 'x-postern-roles': 'admin', 'x-postern-nodes': '*' };
    const outcome = await call(token, forged, '/postern.v1.TokensService/ListTokens');
    assert.equal(outcome.status, status.permissionDenied);
    assert.match(outcome.message, /'alice' needs the role admin/);
    const open = await bareCall(hub.address, forged, '/postern.v1.TokensService/ListTokens');
    assert.equal(open.status, status.unauthenticated);
  });
});
