import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ask, codeOf, type Service, type Stage, startService, startStage } from './stage.js';

describe('a row that leads to a service', () => {
  let service: Service;
  let stage: Stage;
  let good: string;
  let ofGrpc: string;
  before(async () => {
    service = await startService();
    const to = `http://127.0.0.1:${service.port}`;
    stage = await startStage([
      'routes:',
      `  - {name: api, host: api.test, to: '${to}'}`,
      `  - {name: ops, host: ops.test, to: '${to}', roles: [operate]}`,
      `  - {name: reads, host: api.test, pathPrefix: /reads, to: '${to}', methods: [GET, HEAD], stripPrefix: true}`,
      `  - {name: open, host: open.test, to: '${to}', access: public}`,
      `  - {name: pages, host: pages.test, to: '${to}', cors: ['https://app.test']}`,
    ]);
    good = await stage.token();
    ofGrpc = await stage.token({ tokenId: 'm', methods: ['etcdserverpb.KV/*', 'v1/*'] });
  });
  after(async () => {
    await stage.stop();
    service.stop();
  });

  it('takes the methods of a row alone, and its prefix off', async () => {
    const headers = { jwt: good };
    assert.equal((await ask(stage.address, 'api.test', '/reads/a?b=c', headers)).body, 'at /a?b=c');
    const before = service.seen.length;
    const refused = await ask(stage.address, 'api.test', '/reads/a', headers, 'DELETE');
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD']);
    assert.equal((await ask(stage.address, 'api.test', '/reads/a', {}, 'DELETE')).status, 401);
    assert.equal(service.seen.length, before);
  });

  it('says which claim is missing', async () => {
    const { body } = await ask(stage.address, 'api.test', '/v1/x', { jwt: ofGrpc });
    assert.match(body, /claim methods allows etcdserverpb\.KV\/\* v1\/\*/);
    assert.match((await ask(stage.address, 'ops.test', '/', { jwt: good })).body, /needs the role operate/);
  });

  it('answers browsers for a row that names origins, and lets others speak for themselves', async () => {
    const preflight = {
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization, x-a',
    };
    const before = service.seen.length;
    const origin = 'https://app.test';
    const asked = await ask(stage.address, 'pages.test', '/', { origin, ...preflight }, 'OPTIONS');
    assert.equal(asked.status, 204);
    assert.equal(asked.headers['access-control-allow-origin'], origin);
    assert.equal(asked.headers['access-control-allow-methods'], 'PUT');
    assert.equal(asked.headers['access-control-allow-headers'], 'authorization, x-a');
    const evil = await ask(
      stage.address,
      'pages.test',
      '/',
      { origin: 'https://evil.test', ...preflight },
      'OPTIONS',
    );
    assert.deepEqual([evil.status, codeOf(evil)], [403, 'ORIGIN_REFUSED']);
    assert.equal(evil.headers['access-control-allow-origin'], undefined);
    const unknown = await ask(stage.address, 'pages.test', '/', { origin });
    assert.deepEqual([unknown.status, unknown.headers['access-control-allow-origin']], [401, origin]);
    assert.equal(service.seen.length, before, 'the service saw nothing of it');
    const read = await ask(stage.address, 'pages.test', '/', { origin, jwt: good });
    assert.deepEqual([read.status, read.headers['access-control-allow-origin']], [200, origin]);
    const silent = await ask(stage.address, 'open.test', '/', { origin: 'https://evil.test' });
    assert.equal(silent.headers['access-control-allow-origin'], 'https://of-the-service.test');
  });

  it('reaches a service at a unix socket', async () => {
    const path = join(stage.fleet.dir, 'service.sock');
    const near = await startService(path);
    const other = await startStage([`routes: [{name: near, host: near.test, to: 'http+unix:${path}'}]`]);
    const answer = await ask(other.address, 'near.test', '/x', { jwt: await other.token() });
    assert.deepEqual([answer.status, answer.body], [200, 'at /x']);
    assert.equal(near.seen[0]?.headers.host, 'near.test');
    await other.stop();
    near.stop();
  });
});
