import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { until } from './harness.js';
import { ask2, open2, type ProxyUnderTest, sendRaw, startOrigin, startProxy } from './http-proxy-harness.js';

/** A request as the origin saw it. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly raw: readonly string[];
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

/** Values of a field that the origin saw, in order. */
function values({ raw }: Seen, name: string): string[] {
  return raw.flatMap((held, i) => (i % 2 === 0 && held.toLowerCase() === name ? [raw[i + 1] ?? ''] : []));
}

const get = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: api.test:8443\r\n${more}Connection: close\r\n\r\n`;

describe('a request is played into its origin', () => {
  const seen: Seen[] = [];
  let origin: Awaited<ReturnType<typeof startOrigin>>;
  let proxy: ProxyUnderTest;
  const last = (): Seen => seen.at(-1) ?? assert.fail('the origin saw nothing');

  before(async () => {
    origin = await startOrigin((request: IncomingMessage, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1');
      });
      request.on('end', () => {
        const { method = '', url = '', rawHeaders: raw, trailers } = request;
        seen.push({ method, url, raw, body, trailers });
        if (url === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
        if (url === '/empty') response.writeHead(204).end();
        else if (url === '/same') response.writeHead(304, { etag: '"1"' }).end();
        else if (url === '/trailers') {
          response.writeHead(200, { trailer: 'x-sum', 'x-kept': 'yes' });
          response.write('with ');
          response.addTrailers({ 'x-sum': '42', 'x-postern-error': 'FORGED' });
          response.end('trailers');
        } else {
          response.setHeader('set-cookie', ['a=1', 'b=2']);
          response.setHeader('keep-alive', 'timeout=9');
          response.setHeader('x-hop', 'no');
          response.setHeader('connection', 'keep-alive, x-hop');
          response.setHeader('x-postern-error', 'FORGED');
          response.setHeader('content-length', '5');
          response.end('hello');
        }
      });
    });
    proxy = await startProxy(origin.port);
  });
  after(async () => {
    await proxy.stop();
    origin.stop();
  });

  it('with its fields, but for those of the connection and those that only a proxy may say', async () => {
    const answer = await sendRaw(
      proxy.address,
      'POST /a/b?c=%20d HTTP/1.1\r\nHost: api.test:8443\r\nConnection: close, X-Secret-Hop\r\nX-Secret-Hop: 1\r\n' +
        'Keep-Alive: timeout=5\r\nProxy-Authorization: Basic eA==\r\nProxy: http://evil\r\nTE: gzip\r\n' +
        'X-Forwarded-For: 10.0.0.1\r\nx_forwarded_for: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /x\r\n' +
        'Forwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\nX-Twice: one\r\nX-Twice: two\r\nCookie: c=1\r\n' +
        'Authorization: Basic eA==\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody',
    );
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\n\r\nhello$/);
    const request = last();
    assert.deepEqual([request.method, request.url, request.body], ['POST', '/a/b?c=%20d', 'body']);
    assert.deepEqual(values(request, 'host'), ['api.test:8443']);
    assert.deepEqual(values(request, 'x-forwarded-for'), ['192.0.2.7']);
    assert.deepEqual(values(request, 'x-forwarded-proto'), ['http']);
    assert.deepEqual(values(request, 'x-forwarded-host'), ['api.test:8443']);
    assert.deepEqual(values(request, 'forwarded'), ['for=192.0.2.7;proto=http;host="api.test:8443"']);
    assert.deepEqual(values(request, 'x-twice'), ['one', 'two']);
    assert.deepEqual(values(request, 'user_email'), ['ann@example.org']);
    assert.deepEqual(values(request, 'content-length'), ['4']);
    assert.deepEqual(values(request, 'authorization'), ['Basic eA==']);
    const gone = ['x-secret-hop', 'keep-alive', 'proxy-authorization', 'proxy', 'te', 'x-real-ip'];
    for (const name of [...gone, 'x_forwarded_for', 'x-forwarded-prefix', 'transfer-encoding']) {
      assert.deepEqual(values(request, name), [], name);
    }
  });

  it('and the response comes back without what is of its connection or the hub alone may say', async () => {
    const answer = await sendRaw(proxy.address, get('/'));
    assert.deepEqual(answer.match(/set-cookie: .*/gi), ['set-cookie: a=1', 'set-cookie: b=2']);
    assert.doesNotMatch(answer, /x-hop|timeout=9|x-postern-error|FORGED/i);
    assert.equal(answer.match(/^date:/gim)?.length, 1);
  });

  it('with trailers both ways, but for those that would be fields', async () => {
    const answer = await sendRaw(
      proxy.address,
      'POST /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n' +
        '3\r\nabc\r\n0\r\nX-Sum: 7\r\nUser-Agent: t\r\nAuthorization: x\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n',
    );
    const { body, trailers } = last();
    assert.equal(body, 'abc');
    assert.deepEqual({ ...trailers }, { 'x-sum': '7', 'user-agent': 't' });
    assert.deepEqual(values(last(), 'te'), ['trailers']);
    assert.match(answer, /\r\n0\r\nx-sum: 42\r\n\r\n$/i);
    assert.doesNotMatch(answer, /FORGED/);
  });

  it('with hints that come before the answer', async () => {
    const answer = await sendRaw(proxy.address, get('/hints'));
    assert.match(
      answer,
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/i,
    );
  });

  it('without a body where there is none', async () => {
    const head = await sendRaw(proxy.address, get('/').replace('GET', 'HEAD'));
    assert.match(head, /\r\ncontent-length: 5\r\n/i);
    assert.match(head, /\r\n\r\n$/);
    assert.match(await sendRaw(proxy.address, get('/empty')), /^HTTP\/1\.1 204 [\s\S]*\r\n\r\n$/);
    const same = await sendRaw(proxy.address, get('/same'));
    assert.match(same, /^HTTP\/1\.1 304 [\s\S]*etag: "1"[\s\S]*\r\n\r\n$/i);
    assert.deepEqual(values(last(), 'content-length'), [], 'a GET says nothing of a body');
  });

  it('over connections that are used again, by each client one after the other', async () => {
    const connections = new Set<unknown>();
    origin.server.on('connection', (socket) => connections.add(socket));
    const both = await sendRaw(
      proxy.address,
      `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${get('/2')}`,
      /hello[\s\S]*hello$/,
    );
    await sendRaw(proxy.address, get('/3'));
    assert.equal(both.match(/200 OK/g)?.length, 2);
    assert.deepEqual(
      seen.slice(-3).map(({ url }) => url),
      ['/1', '/2', '/3'],
    );
    assert.ok(connections.size <= 1, `${connections.size} new connections`);
  });

  it('from HTTP/2 too, with one cookie field and its authority as host', async () => {
    const session = open2(proxy.address);
    try {
      const answer = await ask2(
        session,
        {
          ':method': 'PUT',
          ':path': '/two?q=1',
          ':authority': 'api.test',
          cookie: ['a=1', 'b=2'],
          te: 'trailers',
        },
        'a body of unknown length',
        { 'x-sum': '9', host: 'evil' },
      );
      assert.deepEqual([answer.status, answer.body], [200, 'hello']);
      assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
      assert.equal(answer.headers['content-length'], '5');
      for (const name of ['connection', 'keep-alive', 'x-hop', 'x-postern-error']) {
        assert.equal(answer.headers[name], undefined, name);
      }
      const request = last();
      assert.deepEqual([request.url, request.body], ['/two?q=1', 'a body of unknown length']);
      assert.deepEqual(values(request, 'host'), ['api.test']);
      assert.deepEqual(values(request, 'cookie'), ['a=1; b=2']);
      assert.deepEqual({ ...request.trailers }, { 'x-sum': '9' });

      const trailing = await ask2(session, { ':path': '/trailers' });
      assert.deepEqual([trailing.body, trailing.trailers['x-sum']], ['with trailers', '42']);
      assert.deepEqual((await ask2(session, { ':path': '/hints' })).interim, [103]);
      const head = await ask2(session, { ':method': 'HEAD', ':path': '/' });
      assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '5', '']);
      assert.equal((await ask2(session, { ':path': '/empty' })).status, 204);
    } finally {
      session.close();
    }
  });

  it('and nothing of it stays when it is over', async () => {
    await until(() => proxy.origin.inFlight === 0, 'all exchanges are over');
    assert.ok(proxy.ends.length > 8);
    assert.ok(
      proxy.ends.every(({ complete, code }) => complete && code === ''),
      JSON.stringify(proxy.ends),
    );
  });
});
