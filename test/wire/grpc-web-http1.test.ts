import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { frame, framesOf } from '../support/grpc-web/frames.js';
import { dial } from './front-harness.js';
import { echo, type WebFront, webStage } from './grpc-web-harness.js';
import { until } from './harness.js';

let front: WebFront;
let stop: () => Promise<void>;
let calls = 0;

before(async () => {
  ({ front, stop } = await webStage((stream) => {
    calls += 1;
    echo(stream);
  }));
});
beforeEach(() => {
  calls = 0;
});
after(() => stop());

/** A request as it goes on the wire. */
function request(body: Buffer, more: readonly string[] = [], version = '1.1'): Buffer {
  const lines = [
    `POST /test.Service/Method HTTP/${version}`,
    'host: a',
    'content-type: application/grpc-web',
    `content-length: ${body.length}`,
    ...more,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** A connection, and the responses that came on it. */
class Connection {
  readonly socket = dial(front.address);
  #bytes = Buffer.alloc(0);
  closed = false;

  constructor() {
    this.socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  /** All that came, as text. */
  get text(): string {
    return this.#bytes.toString('latin1');
  }

  /** The responses that are complete. */
  get responses(): { head: string; body: Buffer }[] {
    const found: { head: string; body: Buffer }[] = [];
    let { text } = this;
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return found;
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      let body = '';
      if (/transfer-encoding: chunked/i.test(head)) {
        for (;;) {
          const size = /^([0-9a-f]+)\r\n/i.exec(text);
          const length = Number.parseInt(size?.[1] ?? '', 16);
          const begin = size?.[0].length ?? 0;
          if (size === null || text.length < begin + length + 2) return found;
          body += text.slice(begin, begin + length);
          text = text.slice(begin + length + 2);
          if (length === 0) break;
        }
      } else if (/content-length: /i.test(head)) {
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
        if (text.length < length) return found;
        body = text.slice(0, length);
        text = text.slice(length);
      }
      found.push({ head, body: Buffer.from(body, 'latin1') });
    }
  }

  async told(count: number): Promise<{ head: string; body: Buffer }[]> {
    await until(() => this.responses.length >= count, `${count} responses`);
    return this.responses;
  }
}

function echoed(response: { body: Buffer } | undefined, what: string): void {
  const { messages, trailers } = framesOf(response?.body ?? Buffer.alloc(0));
  assert.deepEqual(messages.map(String), [what]);
  assert.deepEqual(trailers, [['grpc-status', '0']]);
}

test('requests that are pipelined are answered in their order', async () => {
  const connection = new Connection();
  connection.socket.write(Buffer.concat(['one', 'two', 'three'].map((what) => request(frame(what)))));
  const responses = await connection.told(3);
  for (const [i, what] of ['one', 'two', 'three'].entries()) echoed(responses[i], what);
  connection.socket.destroy();
});

test('a client that pipelines hundreds of requests is cut', async () => {
  const connection = new Connection();
  const open = request(Buffer.alloc(0)).toString('latin1').replace('content-length: 0', 'content-length: 9');
  connection.socket.write(Buffer.concat([...Array(500)].map(() => request(frame('x'.repeat(1_000))))));
  connection.socket.write(open);
  await until(() => connection.closed, 'the cut');
  assert.ok(calls <= 200, `${calls} calls`);
});

test('a connection goes on after calls that failed, were refused and were no calls', async () => {
  const connection = new Connection();
  const bad = [
    request(frame('x', 0x80)),
    request(frame('x'), ['content-encoding: gzip']),
    Buffer.from('GET /a/b HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\n\r\n'),
  ];
  for (const [i, bytes] of bad.entries()) {
    connection.socket.write(bytes);
    await connection.told(i + 1);
  }
  connection.socket.write(request(frame('again')));
  const responses = await connection.told(4);
  const status = responses.map(({ head }) => head.slice(9, 12));
  assert.deepEqual(status, ['200', '415', '405', '200']);
  echoed(responses[3], 'again');
  connection.socket.destroy();
});

test('every byte of a request may come alone', async () => {
  const connection = new Connection();
  for (const byte of request(frame('slow'))) {
    connection.socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  echoed((await connection.told(1))[0], 'slow');
  connection.socket.destroy();
});

test('bytes behind the end of a request are no part of the call', async () => {
  const connection = new Connection();
  connection.socket.write(Buffer.concat([request(frame('mine')), Buffer.from([0, 0, 0, 0, 1, 0x61])]));
  await until(() => connection.closed, 'the end of the connection');
  assert.doesNotMatch(connection.text, /\x61\x80/);
  assert.equal(calls <= 1, true);
});

test('HTTP/1.0 is answered without chunks, to the end of the connection', async () => {
  const connection = new Connection();
  connection.socket.write(request(frame('old'), [], '1.0'));
  await until(() => connection.closed, 'the end of the connection');
  assert.doesNotMatch(connection.text, /chunked/i);
  const at = connection.text.indexOf('\r\n\r\n') + 4;
  echoed({ body: Buffer.from(connection.text.slice(at), 'latin1') }, 'old');
});

test('a client that waits for 100 Continue gets it', async () => {
  const connection = new Connection();
  const whole = request(frame('patient'), ['expect: 100-continue']);
  connection.socket.write(whole.subarray(0, -12));
  await until(() => connection.text.includes('100 Continue'), 'the word to go on');
  connection.socket.write(whole.subarray(-12));
  echoed((await connection.told(2))[1], 'patient');
  connection.socket.destroy();
});

test('a header of more than 16 KiB is refused with 431', async () => {
  const connection = new Connection();
  connection.socket.write(request(frame('x'), [`x-long: ${'a'.repeat(20_000)}`]));
  await until(() => connection.closed, 'the end of the connection');
  assert.match(connection.text, /^HTTP\/1\.1 431 /);
  assert.equal(calls, 0);
});

test('a client that hangs up within its request ends the call', async () => {
  const before = front.results.length;
  const connection = new Connection();
  connection.socket.write(request(frame('half of it')).subarray(0, -4));
  await until(() => calls === 1, 'the call');
  connection.socket.destroy();
  await until(() => front.results.length > before, 'its end');
  assert.equal(front.results.at(-1)?.status, 1);
});

test('headers that Connection names go no further', async () => {
  const connection = new Connection();
  connection.socket.write(request(frame('x'), ['connection: keep-alive, x-hop', 'x-hop: 1', 'x-kept: 2']));
  await connection.told(1);
  const metadata = front.heads.at(-1)?.metadata ?? [];
  assert.equal(metadata.includes('x-hop'), false);
  assert.equal(metadata.includes('x-kept'), true);
  connection.socket.destroy();
});
