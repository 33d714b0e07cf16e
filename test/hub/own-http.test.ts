import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createUserKey } from '../../src/bus/nkeys.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { http, startTestHub, type TestHub } from './test-hub.js';

describe("the hub's own HTTP paths", () => {
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

  /** One request over HTTP/2, as clients send it that choose that by ALPN. */
  async function http2(method: string, path: string, body = '', headers = {}) {
    const session = connect(`http://${hub.address}`);
    try {
      const stream = session.request({ ':method': method, ':path': path, ...headers });
      if (method === 'POST') stream.end(body);
      const [answer] = await once(stream, 'response');
      return { status: Number(answer[':status']), body: await text(stream) };
    } finally {
      session.close();
    }
  }

  it('tell over HTTP/2 too how the hub is', async () => {
    assert.deepEqual(await http2('GET', '/healthz'), { status: 200, body: 'ok\n' });
    assert.deepEqual(await http2('GET', '/readyz?from=balancer'), { status: 200, body: 'ready\n' });
    assert.match((await http2('GET', '/health')).body, /^uptime: /);
    assert.deepEqual(await http2('HEAD', '/healthz'), { status: 200, body: '' });
    assert.equal((await http2('DELETE', '/healthz')).status, 405);
  });

  it('enrol over HTTP/2 too', async () => {
    const asked = JSON.stringify({ node: 'far', key: createUserKey().publicKey });
    const given = await http2('POST', '/v1/enrol/challenge', asked, { 'content-type': 'application/json' });
    assert.equal(given.status, 200);
    assert.match(given.body, /"nonce":"/);
    assert.equal((await http2('POST', '/v1/enrol', 'no JSON')).status, 400);
    assert.equal((await http2('POST', '/v1/enrol', 'x'.repeat(100_000))).status, 413);
    assert.equal((await http2('GET', '/v1/enrol')).status, 405);
  });

  it('leave what is a call, or nothing of them, to the door of calls', async () => {
    const call = await http2('POST', '/v1/enrol', '', { 'content-type': 'application/grpc', te: 'trailers' });
    assert.equal(call.status, 200, 'ended by a grpc-status');
    assert.equal((await http2('GET', '/')).status, 405);
  });

  for (const path of ['/ws', '/nats']) {
    it(`say what is missing where a request for ${path} lost its upgrade on the way`, async () => {
      for (const answer of [await http(hub.address, 'GET', path), await http2('GET', path)]) {
        assert.equal(answer.status, 426);
        assert.match(
          answer.body,
          /"UPGRADE_MISSING".*a proxy in between has to pass the headers Upgrade and/,
        );
      }
    });
  }
});
