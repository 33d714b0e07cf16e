import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Fleet } from '../../support/fleet.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

type Ask = (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<Answer>;

describe('the files of the page', () => {
  let fleet: Fleet;
  let hub: string;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
  });
  after(() => fleet.stop());

  const http1: Ask = async (path, headers = {}, method = 'GET') => {
    const sent = request(`http://${hub}${path}`, { method, headers, agent: false }).end();
    const [answer] = await once(sent, 'response');
    return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
  };
  const http2: Ask = async (path, headers = {}, method = 'GET') => {
    const session = connect(`http://${hub}`);
    try {
      const stream = session.request({ ':method': method, ':path': path, ...headers });
      const [given] = await once(stream, 'response');
      return { status: given[':status'], headers: given, body: await buffer(stream) };
    } finally {
      session.close();
    }
  };

  for (const [version, ask] of [
    ['HTTP/1.1', http1],
    ['HTTP/2', http2],
  ] as const) {
    test(`are kept by a browser, and asked for again by their tag, over ${version}`, async () => {
      const first = await ask('/inspect/main.js');
      assert.equal(first.status, 200);
      assert.equal(first.headers['cache-control'], 'no-cache');
      assert.equal(first.headers['content-length'], String(first.body.length));
      assert.equal(
        first.headers['content-security-policy'],
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
      );
      const etag = String(first.headers.etag);
      for (const known of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
        const again = await ask('/inspect/main.js', { 'if-none-match': known });
        assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag], known);
        assert.equal(again.headers['content-length'], undefined);
        assert.equal(again.headers['content-security-policy'], first.headers['content-security-policy']);
      }
      const other = await ask('/inspect/main.js', { 'if-none-match': '"other"' });
      assert.deepEqual([other.status, other.body.length], [200, first.body.length]);
    });

    test(`are compressed for those who take that, over ${version}`, async () => {
      const plain = await ask('/inspect/main.js');
      assert.equal(plain.headers['content-encoding'], undefined);
      const short = await ask('/inspect/main.js', { 'accept-encoding': 'br, GZIP;q=0.8' });
      assert.equal(short.headers['content-encoding'], 'gzip');
      assert.equal(short.headers.vary, 'accept-encoding');
      assert.ok(short.body.length < plain.body.length / 2, `${short.body.length} of ${plain.body.length}`);
      assert.ok(gunzipSync(short.body).equals(plain.body));
      const none = await ask('/inspect/main.js', { 'accept-encoding': 'gzip;q=0, br' });
      assert.equal(none.headers['content-encoding'], undefined);
      const head = await ask('/inspect/main.js', { 'accept-encoding': 'gzip' }, 'HEAD');
      assert.deepEqual(
        [head.status, head.body.length, head.headers['content-length']],
        [200, 0, String(short.body.length)],
      );
    });

    test(`are given for every place in the page, and nothing else, over ${version}`, async () => {
      for (const place of ['/inspect', '/inspect/', '/inspect/machine/node/attic?at=3']) {
        const { status, body } = await ask(place);
        assert.equal(status, 200, place);
        assert.match(body.toString(), /<div id="app">/, place);
      }
      assert.equal((await ask('/inspect/main.js.map')).status, 404);
      const posted = await ask('/inspect', {}, 'POST');
      assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD']);
    });

    test(`are what a browser is led to from the root, over ${version}`, async () => {
      const accept = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';
      const led = await ask('/', { accept });
      assert.deepEqual([led.status, led.headers.location], [302, '/inspect']);
      const before = await ask('/', { accept: '*/*' });
      assert.equal(before.status, version === 'HTTP/2' ? 405 : 404);
    });
  }
});
