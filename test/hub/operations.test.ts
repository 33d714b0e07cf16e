import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { createUserKey } from '../../src/bus/nkeys.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import {
  ask,
  bareCall,
  bearer,
  credentialsIn,
  enrol,
  http,
  joinToken,
  ownClients,
  startTestHub,
  type TestHub,
} from './test-hub.js';

describe('whoever runs a hub', () => {
  let nats: TestNats;
  let hub: TestHub;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
  });

  it('is told how it is over HTTP/1.1', async () => {
    const get = (path: string) => http(hub.address, 'GET', path);
    const health = await get('/health');
    assert.equal(health.status, 200);
    assert.match(health.body, /^uptime: (\d+h)?(\d+m)?\d+s$/);
    assert.equal((await get('/healthz')).status, 200);
    assert.deepEqual(await get('/readyz'), { status: 200, body: 'ready\n' });
    const missing = await get('/nothing');
    assert.equal(missing.status, 404);
    assert.equal(JSON.parse(missing.body).code, 'NOT_FOUND');
    assert.equal((await http(hub.address, 'POST', '/healthz')).status, 405);
    assert.equal((await get('/metrics')).status, 404, 'metrics are elsewhere');
  });

  it('finds it counted', async () => {
    await bareCall(hub.address, { jwt: hub.adminToken, name: 'nobody' });
    credentialsIn(await enrol(hub.address, 'quiet', createUserKey(), await joinToken(hub, 'quiet')));
    await bareCall(hub.address, {}, '/grpc.health.v1.Health/Check');
    const { body } = await http(hub.metricsAddress, 'GET', '/metrics');
    const value = (line: string) =>
      Number(
        body
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.split(' ')[1],
      );
    assert.ok(value('postern_calls_total{node="",status="UNAVAILABLE"}') >= 1);
    assert.ok(value('postern_calls_total{node="",status="OK"}') >= 1);
    assert.equal(value('postern_calls_in_flight'), 0);
    assert.equal(value('postern_nodes{state="unseen"}'), 1);
    assert.ok(value('postern_call_duration_seconds_count') >= 1);
    assert.ok(value('postern_loop_delay_seconds{quantile="0.99"}') >= 0);
  });

  it('has an admin token for the command line, alone', async () => {
    assert.equal((await stat(join(nats.dir, 'tokens', 'admin.jwt'))).mode & 0o777, 0o600);
    const again = await startTestHub(nats);
    assert.equal(again.adminToken, hub.adminToken, 'a good one is kept');
    await again.stop();
  });

  it('finds each call in the log, and nothing secret', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) });
    const telling = await startTestHub(nats, {}, log);
    const key = createUserKey();
    const invitation = await joinToken(telling, 'told');
    const { jwt } = credentialsIn(await enrol(telling.address, 'told', key, invitation));
    const clients = ownClients(telling.address);
    const { token } = await ask<{ token: string }>((callback) =>
      clients.tokens.createCallerToken(
        { subject: 'dora', nodes: [], roles: [], ttlSeconds: 0, methods: [], limits: undefined, email: '' },
        bearer(telling.adminToken),
        callback,
      ),
    );
    clients.close();
    const foreign = `${token.slice(0, -8)}AAAAAAAA`;
    for (const sent of [token, foreign]) {
      await bareCall(telling.address, { authorization: `Bearer ${sent}`, name: 'told' });
      await bareCall(telling.address, { jwt: sent }, '/postern.v1.NodesService/ListNodes');
    }
    await enrol(telling.address, 'told', createUserKey(), invitation);
    await telling.stop();
    const text = lines.join('');
    assert.match(text, /"node":"told".*"caller":"dora".*"status":"UNAVAILABLE".*"code":"NODE_OFFLINE"/);
    assert.match(
      text,
      /"path":"\/postern.v1.NodesService\/ListNodes".*"caller":"dora".*"status":"OK".*"ms":/,
    );
    for (const secret of [
      telling.adminToken,
      token,
      foreign,
      jwt,
      key.seed,
      invitation,
      invitation.slice(-64),
    ]) {
      for (const part of secret.split('.')) {
        // The head of a token is the same for all and tells nothing.
        if (part.length > 40) assert.ok(!text.includes(part), 'a secret was logged');
      }
    }
  });

  it('is told that it is not ready while the bus is gone, and why', async () => {
    const lonely = await startTestHub(nats);
    try {
      await lonely.bus.close();
      await until('it notices', async () => (await http(lonely.address, 'GET', '/readyz')).status === 503);
      assert.match((await http(lonely.address, 'GET', '/readyz')).body, /not connected to the bus/);
    } finally {
      await lonely.stop();
    }
  });
});
