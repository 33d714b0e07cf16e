import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { data, endStream, headers, preface, settings } from './frames.js';
import { tcp, until } from './harness.js';
import {
  ask2,
  open2,
  type ProxyUnderTest,
  type RawOrigin,
  sendRaw,
  startProxy,
  startRawOrigin,
} from './http-proxy-harness.js';

const ok = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok';
const host = 'Host: api.test\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';

/** Requests over HTTP/1.1 that two readers could take for different ones. */
const ambiguous: Record<string, string> = {
  'content-length beside transfer-encoding': `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n${chunked}\r\n0\r\n\r\n`,
  'the same the other way round': `POST / HTTP/1.1\r\n${host}${chunked}Content-Length: 5\r\n\r\n0\r\n\r\n`,
  'two lengths': `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
  'the same length twice': `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  'a list of lengths': `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\nhello`,
  'a length with a sign': `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`,
  'a length in hex': `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\nhello`,
  'a length below zero': `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\nhello`,
  'a folded line': `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`,
  'a folded transfer-encoding': `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  'LF alone': 'GET / HTTP/1.1\nHost: api.test\nX: y\n\n',
  'LF alone behind one field': `GET / HTTP/1.1\r\nHost: api.test\nX: y\r\n\r\n`,
  'LF alone at the end': `GET / HTTP/1.1\r\n${host}X: y\r\n\n`,
  'CR alone': `GET / HTTP/1.1\r\n${host}X: y\rZ: q\r\n\r\n`,
  'NUL in a value': `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
  'a space before the colon': `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  'a space before the first field': `GET / HTTP/1.1\r\n X: y\r\n${host}\r\n`,
  'an unknown coding': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  identity: `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`,
  'two codings': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'a coding twice': `POST / HTTP/1.1\r\n${host}${chunked}${chunked}\r\n0\r\n\r\n`,
  'chunked hidden in quotes': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  'a vertical tab before the coding': `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'chunks in HTTP/1.0': `POST / HTTP/1.0\r\n${host}${chunked}\r\n0\r\n\r\n`,
  'two hosts': `GET / HTTP/1.1\r\n${host}Host: admin.test\r\n\r\n`,
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'a host with a user': 'GET / HTTP/1.1\r\nHost: admin.test@api.test\r\n\r\n',
  'a host with a path': 'GET / HTTP/1.1\r\nHost: api.test/x\r\n\r\n',
  'a target that names another host': `GET http://admin.test/ HTTP/1.1\r\n${host}\r\n`,
  'a target of a tunnel': `CONNECT admin.test:443 HTTP/1.1\r\n${host}\r\n`,
  'a method that shows what was sent': `TRACE / HTTP/1.1\r\n${host}\r\n`,
  'a fragment in the target': `GET /a#b HTTP/1.1\r\n${host}\r\n`,
  'a target with more than ASCII': `GET /\xff HTTP/1.1\r\n${host}\r\n`,
  'a space in the target': `GET /a b HTTP/1.1\r\n${host}\r\n`,
  'another version': `GET / HTTP/1.2\r\n${host}\r\n`,
  'an expectation that nobody knows': `GET / HTTP/1.1\r\n${host}Expect: the-unexpected\r\n\r\n`,
};

/** Bodies over HTTP/1.1 whose head is good, and which the origin must not take for complete. */
const brokenBodies: Record<string, string> = {
  'a chunk line that ends with LF alone': '5\nhello\r\n0\r\n\r\n',
  'a chunk size below zero': '-1\r\nhello\r\n0\r\n\r\n',
  'a chunk size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
  'a chunk longer than it says': '5\r\nhelloGET /admin HTTP/1.1\r\n0\r\n\r\n',
  'LF within a chunk extension': '5;a\nb\r\nhello\r\n0\r\n\r\n',
  'a length among the trailers': '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n',
};

const pseudo = { ':method': 'POST', ':scheme': 'http', ':path': '/', ':authority': 'api.test' };

/** Requests over HTTP/2 that would be others when they are written as HTTP/1.1. */
const translated: Record<string, Record<string, string>> = {
  'CR LF in a value': { ...pseudo, 'x-a': 'b\r\nx-evil: 1' },
  'LF in a value': { ...pseudo, 'x-a': 'b\nx-evil: 1' },
  'NUL in a value': { ...pseudo, 'x-a': 'b\0c' },
  'CR LF in a name': { ...pseudo, 'x-a\r\nx-evil': '1' },
  'a colon in a name': { ...pseudo, 'x-a: b\r\nx-evil': '1' },
  'a colon alone in a name': { ...pseudo, 'x-a:b': '1' },
  'a space in a name': { ...pseudo, 'x-a b': '1' },
  'an empty name': { ...pseudo, '': '1' },
  'a name in upper case': { ...pseudo, 'X-A': '1' },
  'transfer-encoding': { ...pseudo, 'transfer-encoding': 'chunked' },
  connection: { ...pseudo, connection: 'keep-alive' },
  'te other than trailers': { ...pseudo, te: 'gzip' },
  'another host': { ...pseudo, host: 'admin.test' },
  'an authority with a user': { ...pseudo, ':authority': 'admin.test@api.test' },
  'an authority with a new line': { ...pseudo, ':authority': 'api.test\r\nx-evil: 1' },
  'a path with a space and more': { ...pseudo, ':path': '/ HTTP/1.1\r\nx-evil: 1' },
  'a path that names another host': { ...pseudo, ':path': 'http://admin.test/' },
  'an empty path': { ...pseudo, ':path': '' },
  'a method with a space': { ...pseudo, ':method': 'GET /admin HTTP/1.1\r\nx:' },
  'a method of our own': { ...pseudo, ':method': 'SMUGGLE' },
  'a length with a sign': { ...pseudo, 'content-length': '+1' },
  'a length that is a list': { ...pseudo, 'content-length': '1, 1' },
  'a pseudo-field that nobody knows': { ...pseudo, ':evil': '1' },
};

/** HTTP/2 (nghttp2) leaves out a field that cannot be, and takes the rest of the request. */
const leftOut = new Set([
  'CR LF in a value',
  'LF in a value',
  'NUL in a value',
  'CR LF in a name',
  'a colon in a name',
  'a colon alone in a name',
  'a space in a name',
  'an empty name',
]);

describe('an origin never sees a request that has two meanings', () => {
  let origin: RawOrigin;
  let proxy: ProxyUnderTest;
  before(async () => {
    origin = await startRawOrigin(ok);
    proxy = await startProxy(origin.port, { idleMs: 2_000 });
  });
  after(async () => {
    await proxy.stop();
    origin.stop();
  });
  let already = '';
  beforeEach(() => {
    already = origin.bytes();
  });
  const seen = (): string => origin.bytes().slice(already.length);

  for (const [what, bytes] of Object.entries(ambiguous)) {
    it(`of HTTP/1.1: ${what}`, async () => {
      const answer = await sendRaw(proxy.address, bytes, /\r\n\r\n/);
      assert.match(answer, /^(?:HTTP\/1\.1 (?:400|417|501) |$)/);
      assert.equal(seen(), '');
    });
  }

  for (const [what, body] of Object.entries(brokenBodies)) {
    it(`of HTTP/1.1, in chunks: ${what}`, async () => {
      await sendRaw(proxy.address, `POST /chunks HTTP/1.1\r\n${host}${chunked}\r\n${body}`);
      await until(() => proxy.origin.inFlight === 0, 'the exchange is over');
      await until(() => origin.sockets.every((socket) => socket.destroyed), 'its connection is cut');
      assert.doesNotMatch(seen(), /(?:^|\n)0\r\n|GET \/admin/);
    });
  }

  for (const [what, fields] of Object.entries(translated)) {
    it(`of HTTP/2: ${what}`, async () => {
      const socket = connect(tcp(proxy.address));
      socket.on('error', () => {});
      const session = open2(proxy.address);
      try {
        socket.write(Buffer.concat([preface, settings, headers(1, fields, endStream)]));
        const answered = new Promise<void>((resolve) => {
          let bytes = Buffer.alloc(0);
          socket.on('data', (chunk) => {
            bytes = Buffer.concat([bytes, chunk]);
            if (answers(bytes)) resolve();
          });
          socket.once('close', () => resolve());
        });
        await answered;
        assert.doesNotMatch(seen(), leftOut.has(what) ? /evil|x-a/i : /./);
        // It is not that nothing would come through.
        assert.equal((await ask2(session, { ':path': '/good', ':authority': 'api.test' })).status, 200);
        assert.match(seen(), /GET \/good HTTP\/1\.1\r\n/);
      } finally {
        socket.destroy();
        session.close();
      }
    });
  }

  for (const [what, length, flags] of [
    ['more than it says', '2', endStream],
    ['less than it says', '9', endStream],
  ] as const) {
    it(`of HTTP/2: a body that is ${what}`, async () => {
      const socket = connect(tcp(proxy.address));
      socket.on('error', () => {});
      const head = headers(1, { ...pseudo, 'content-length': length });
      socket.write(Buffer.concat([preface, settings, head]));
      await until(() => proxy.origin.inFlight === 1, 'the exchange has begun');
      socket.write(data(1, Buffer.from('hello'), flags));
      await until(() => proxy.origin.inFlight === 0, 'the exchange is over');
      await until(() => origin.sockets.every((one) => one.destroyed), 'its connection is cut');
      const [, body = ''] = seen().split('\r\n\r\n');
      assert.ok(body.length < Number(length), JSON.stringify(seen()));
      socket.destroy();
    });
  }
});

/** True when HEADERS, RST_STREAM or GOAWAY is among the frames. */
function answers(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const type = bytes[at + 3];
    if (type === 1 || type === 3 || type === 7) return true;
  }
  return false;
}
