import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { frame, hpackField, preface, settings } from './frames.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { until } from './harness.js';

afterEach(cleanUp);

/** A front, and how many requests have come to a handler. */
async function counting(): Promise<{ address: string; handled(): number; names: string[] }> {
  let handled = 0;
  const names: string[] = [];
  const { address } = await front({
    onHttp1: (_request, response) => {
      handled += 1;
      response.end('handled\n');
    },
    onUpgrade: (_request, socket) => {
      handled += 1;
      socket.destroy();
    },
    onStream: (stream, headers) => {
      handled += 1;
      names.push(...Object.keys(headers));
      stream.respond({ ':status': 204 }, { endStream: true });
    },
  });
  return { address, handled: () => handled, names };
}

const http1 = (lines: readonly string[], body = ''): string => `${lines.join('\r\n')}\r\n\r\n${body}`;
const post = ['POST / HTTP/1.1', 'host: x'];
const get = ['GET / HTTP/1.1', 'host: x'];
const asked = ['GET /ws HTTP/1.1', 'host: x', 'connection: upgrade', 'upgrade: websocket'];
const chunks = '0\r\n\r\n';

describe('an HTTP/1 request that others may read as another one is refused', { timeout: 60_000 }, () => {
  const requests: Readonly<Record<string, string>> = {
    'two lengths': http1([...post, 'content-length: 4', 'content-length: 5'], 'abcde'),
    'two lengths that are the same': http1([...post, 'content-length: 4', 'content-length: 4'], 'abcd'),
    'a list of lengths': http1([...post, 'content-length: 4, 4'], 'abcd'),
    'a length with a sign': http1([...post, 'content-length: +4'], 'abcd'),
    'a length and chunks': http1([...post, 'content-length: 4', 'transfer-encoding: chunked'], chunks),
    'chunks and a length': http1([...post, 'transfer-encoding: chunked', 'content-length: 4'], chunks),
    'chunks twice': http1([...post, 'transfer-encoding: chunked', 'transfer-encoding: chunked'], chunks),
    'chunks within chunks': http1([...post, 'transfer-encoding: chunked, chunked'], chunks),
    'another coding before chunks': http1([...post, 'transfer-encoding: gzip, chunked'], chunks),
    'another coding': http1([...post, 'transfer-encoding: identity'], chunks),
    'a coding like chunks': http1([...post, 'transfer-encoding: xchunked'], chunks),
    'a blank before the colon': http1([...post, 'transfer-encoding : chunked'], chunks),
    'chunks in HTTP/1.0': http1(['POST / HTTP/1.0', 'host: x', 'transfer-encoding: chunked'], chunks),
    'lines without CR': 'GET / HTTP/1.1\nhost: x\n\n',
    'a header without CR': 'GET / HTTP/1.1\r\nhost: x\nconnection: close\r\n\r\n',
    'a header without LF': http1([...get, 'a: b\rc: d']),
    'a header over two lines': http1([...get, 'a: b', ' c']),
    'a header with a blank in its name': http1([...get, 'a b: c']),
    'a header with a NUL': http1([...get, 'a: b\0c']),
    'a header without a name': http1([...get, ': c']),
    'a target with another host': http1(['GET http://evil.example/ HTTP/1.1', 'host: x']),
    'a target that is no path': http1(['GET x HTTP/1.1', 'host: x']),
    'host twice': http1([...get, 'Host: y']),
    'host twice, the same': http1([...get, 'Host: x']),
    'no host': http1(['GET / HTTP/1.1']),
    'authorization twice': http1([...get, 'authorization: Bearer a', 'Authorization: Bearer b']),
    'no version': 'GET /\r\n\r\n',
    'HTTP/0.9 with headers': http1(['GET / HTTP/0.9', 'host: x']),
    'HTTP/2.0 without its preface': http1(['GET / HTTP/2.0', 'host: x']),
    'a request for a WebSocket with a body': http1([...asked, 'content-length: 5'], 'hello'),
    'a request for a WebSocket with chunks': http1([...asked, 'transfer-encoding: chunked'], chunks),
    'a request for a WebSocket with two hosts': http1([...asked, 'host: y']),
  };
  for (const [what, request] of Object.entries(requests)) {
    test(what, async () => {
      const { address, handled } = await counting();
      const socket = dial(address);
      socket.write(Buffer.from(request, 'latin1'));
      assert.match(await drained(socket), /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.equal(handled(), 0);
    });
  }

  test('and no other request on its connection is served', async () => {
    const { address, handled } = await counting();
    const socket = dial(address);
    socket.write(Buffer.from(http1([...post, 'content-length: 4', 'transfer-encoding: chunked'], chunks)));
    socket.write(http1(['GET /smuggled HTTP/1.1', 'host: x']));
    assert.equal((await drained(socket)).split('HTTP/1.1 ').length, 2);
    assert.equal(handled(), 0);
  });

  test('a request for a tunnel by CONNECT is not served', async () => {
    const { address, handled } = await counting();
    const socket = dial(address);
    socket.write('CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n');
    assert.doesNotMatch(await drained(socket), / 2\d\d /);
    assert.equal(handled(), 0);
  });

  test('chunks that are none end the connection', async () => {
    const { address } = await counting();
    for (const body of ['-1\r\nabc\r\n', '3\nabc\r\n0\r\n\r\n', '3;a\nb\r\nabc\r\n0\r\n\r\n', '4 \r\nabcd']) {
      const socket = dial(address);
      socket.write(http1([...post, 'transfer-encoding: chunked', 'connection: close'], body));
      assert.match(await drained(socket), /400 Bad Request/, body);
    }
  });
});

describe('an HTTP/2 request that HTTP/1 would read as another one is refused', { timeout: 60_000 }, () => {
  type Fields = readonly (readonly [name: string, value: string])[];
  const good: Fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/a.B/C'],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
  ];
  const without = (name: string): Fields => good.filter(([one]) => one !== name);
  const requests: Readonly<Record<string, Fields>> = {
    connection: [...good, ['connection', 'close']],
    'keep-alive': [...good, ['keep-alive', '1']],
    'proxy-connection': [...good, ['proxy-connection', 'close']],
    'transfer-encoding': [...good, ['transfer-encoding', 'chunked']],
    upgrade: [...good, ['upgrade', 'websocket']],
    'te of another kind': [...good, ['te', 'gzip']],
    'a name with capitals': [...good, ['X-a', 'b']],
    'two paths': [...good.slice(0, 4), [':path', '/other/P']],
    'two authorities': [...good.slice(0, 4), [':authority', 'y']],
    'no path': without(':path'),
    'an empty path': [...without(':path').slice(0, 2), [':path', '']],
    'a pseudo-header behind the others': [...without(':path'), [':path', '/a.B/C']],
    'an unknown pseudo-header': [[':x', 'y'], ...good],
    'a host of another name': [...good, ['host', 'y']],
    'host twice': [...good, ['host', 'x'], ['host', 'x']],
    'a length that is none': [...good, ['content-length', '1x']],
    'two lengths': [...good, ['content-length', '1'], ['content-length', '2']],
    'a length of a request without a body': [...good, ['content-length', '5']],
  };
  for (const [what, fields] of Object.entries(requests)) {
    test(what, async () => {
      const { address, handled } = await counting();
      const socket = dial(address);
      let seen = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk]);
      });
      const block = (list: Fields) => Buffer.concat(list.map(([name, value]) => hpackField(name, value)));
      const [endHeaders, endStream] = [4, 1];
      socket.write(Buffer.concat([preface, settings, frame(1, endHeaders | endStream, 1, block(fields))]));
      const told = (): boolean => {
        const kinds = framesOf(seen);
        return kinds.some(({ type, stream, payload }) =>
          // RST_STREAM, GOAWAY, or HEADERS with `:status: 400` as HPACK's table has it.
          type === 3 ? stream === 1 : type === 7 || (type === 1 && payload[0] === 0x8c),
        );
      };
      await until(() => told() || socket.closed, 'it is refused');
      assert.ok(told());
      assert.equal(handled(), 0);
      // The others of the connection go on.
      if (!framesOf(seen).some(({ type }) => type === 7)) {
        socket.write(frame(1, endHeaders | endStream, 3, block(good)));
        await until(() => handled() === 1, 'the next request is served');
      }
      socket.destroy();
    });
  }

  test('a field whose name or value is none is left out', async () => {
    const { address, handled, names } = await counting();
    const socket = dial(address);
    const fields: Fields = [
      ...good,
      ['x a', 'b'],
      ['x:a', 'b'],
      ['x\r\nhost', 'b'],
      ['x\0', 'b'],
      ['authorization', 'Bearer a\r\nhost: y'],
      ['x-a', 'b\0'],
    ];
    const block = Buffer.concat(fields.map(([name, value]) => hpackField(name, value)));
    socket.write(Buffer.concat([preface, settings, frame(1, 5, 1, block)]));
    await until(() => handled() === 1, 'the request is served');
    assert.deepEqual(names.toSorted(), good.map(([name]) => name).toSorted());
    socket.destroy();
  });
});

/** The frames that are there in full. */
function framesOf(bytes: Buffer): { type: number; stream: number; payload: Buffer }[] {
  const found: { type: number; stream: number; payload: Buffer }[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    found.push({
      type: bytes.readUInt8(at + 3),
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return found;
}
