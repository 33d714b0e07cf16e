import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { type RecordingService, startRecordingService } from '../../hub/door/recording-service.js';
import { bareCall } from '../../hub/test-hub.js';
import { ask2 } from '../../wire/http-proxy-harness.js';
import { type OwnService, startOwnService } from './own-service.js';
import { ask, type Service, type Stage, startService, startStage } from './stage.js';

describe('a service of our own trusts nobody by accident', () => {
  let stage: Stage;
  let own: OwnService;
  let grpc: RecordingService;
  let plain: Service;
  let ann: string;
  const direct = (headers: Record<string, string>) => ask(`127.0.0.1:${own.port}`, 'own.test', '/', headers);
  before(async () => {
    own = await startOwnService(() => stage.address, 'own');
    grpc = await startRecordingService();
    plain = await startService();
    stage = await startStage([
      'routes:',
      `  - {name: own, host: own.test, to: 'http://127.0.0.1:${own.port}', assertion: true}`,
      `  - {name: other, host: other.test, to: 'http://127.0.0.1:${own.port}', assertion: true}`,
      `  - {name: public, host: public.test, to: 'http://127.0.0.1:${own.port}', assertion: true, access: public}`,
      `  - {name: plain, host: plain.test, to: 'http://127.0.0.1:${plain.port}'}`,
      `  - {name: calls, host: calls.test, to: 'grpc://${grpc.address}', assertion: true}`,
      `  - {name: silent, host: silent.test, to: 'grpc://${grpc.address}'}`,
    ]);
    ann = await stage.token();
  });
  after(async () => {
    await stage.stop();
    await grpc.stop();
    own.stop();
    plain.stop();
  });

  it('neither a process beside it that says who it is', async () => {
    for (const headers of [{}, { user_email: 'root@example.org' }, { 'x-postern-assertion': 'forged' }]) {
      assert.equal((await direct({ ...headers })).status, 401);
    }
    // A caller's own token proves nothing to a service.
    assert.equal((await direct({ 'x-postern-assertion': ann })).status, 401);
  });

  it('but the hub, about whoever has shown a token there', async () => {
    const answer = await ask(stage.address, 'own.test', '/', { jwt: ann });
    assert.equal(answer.status, 200, answer.body);
    const proven = { subject: 'ann', email: 'ann@example.org', issuer: 'postern' };
    assert.deepEqual(JSON.parse(answer.body), { ...proven, said: 'ann@example.org' });
  });

  it('who says to be somebody else is still themselves', async () => {
    const bob = await stage.token({ subject: 'bob', tokenId: 'b', email: undefined });
    const headers = { user_email: 'root@example.org', 'X-Postern-Assertion': own.lastAssertion() };
    const answer = await ask(stage.address, 'own.test', '/', { jwt: bob, ...headers });
    assert.deepEqual(JSON.parse(answer.body), { subject: 'bob', issuer: 'postern' });
    assert.equal((await ask(stage.address, 'public.test', '/', headers)).status, 401, 'nobody was proven');
  });

  it('an assertion that is shown again, when its time is over', async () => {
    await ask(stage.address, 'own.test', '/', { jwt: ann });
    const stolen = own.lastAssertion();
    assert.equal((await direct({ 'x-postern-assertion': stolen })).status, 200);
    own.setClock(125_000);
    const late = await direct({ 'x-postern-assertion': stolen });
    own.setClock(0);
    assert.deepEqual([late.status, late.body], [401, 'the token has expired']);
  });

  it('an assertion for another service', async () => {
    const through = await ask(stage.address, 'other.test', '/', { jwt: ann });
    assert.equal(through.status, 401);
    assert.match(through.body, /another audience/);
    assert.equal((await direct({ 'x-postern-assertion': own.lastAssertion() })).status, 401);
  });

  it('an assertion is no token for the hub', async () => {
    await ask(stage.address, 'own.test', '/', { jwt: ann });
    const answer = await ask(stage.address, 'own.test', '/', { jwt: own.lastAssertion() });
    assert.equal(answer.status, 401);
  });

  it('over gRPC as well, where the row asks for it', async () => {
    const forged = { user_email: 'root@example.org', 'x-postern-assertion': 'forged', 'user-email': 'root' };
    for (const host of ['calls.test', 'silent.test']) {
      const { status } = await bareCall(
        stage.address,
        { ':authority': host, jwt: ann, ...forged, 'x-forwarded-for': '10.0.0.1' },
        '/pkg.S/M',
      );
      assert.equal(status, 0);
      const headers = grpc.seen.at(-1) ?? assert.fail();
      assert.equal(headers.user_email, 'ann@example.org');
      assert.equal(headers['user-email'], undefined);
      assert.notEqual(headers['x-forwarded-for'], '10.0.0.1');
      const assertion = headers['x-postern-assertion'];
      if (host === 'silent.test') assert.equal(assertion, undefined);
      else assert.match(String(assertion), /^[\w-]+\.[\w-]+\.[\w-]+$/);
    }
    const answer = await ask(stage.address, 'plain.test', '/', { jwt: ann });
    assert.equal(answer.status, 200);
    assert.equal(plain.seen.at(-1)?.headers['x-postern-assertion'], undefined);
  });

  it('and nodes are told who calls, without an assertion', async () => {
    await stage.fleet.agent('cellar', [grpc.address]);
    const forged = { user_email: 'root@example.org', 'x-postern-assertion': 'forged', 'user-email': 'root' };
    const outcome = await bareCall(stage.address, { jwt: ann, name: 'cellar', ...forged }, '/pkg.S/M');
    assert.equal(outcome.status, 0, outcome.message);
    const headers = grpc.seen.at(-1) ?? assert.fail();
    assert.equal(headers.user_email, 'ann@example.org');
    for (const name of ['user-email', 'x-postern-assertion', 'jwt']) assert.equal(headers[name], undefined);
    const bob = await stage.token({ subject: 'bob', tokenId: 'b2', email: undefined });
    await bareCall(stage.address, { jwt: bob, name: 'cellar', ...forged }, '/pkg.S/M');
    assert.equal(grpc.seen.at(-1)?.user_email, undefined);
  });

  it('the keys are told to everybody, and nothing but their public part', async () => {
    const { status, headers, body } = await ask(stage.address, 'any.test', '/.well-known/jwks.json');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/jwk-set+json');
    assert.match(headers['cache-control'] ?? '', /public, max-age=\d+/);
    assert.deepEqual(Object.keys(JSON.parse(body).keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    const session = connect(`http://${stage.address}`);
    const two = await ask2(session, { ':path': '/.well-known/jwks.json' });
    const head = await ask2(session, { ':path': '/.well-known/jwks.json', ':method': 'HEAD' });
    session.close();
    assert.deepEqual([two.status, two.body, head.status, head.body], [200, body, 200, '']);
    assert.equal((await ask(stage.address, 'any.test', '/.well-known/jwks.json', {}, 'POST')).status, 405);
  });
});
