import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { awakeTime } from '../support/awake-time.js';
import { valuesOf } from '../support/differential/fields.js';
import { openWebCall, versions, type WebCallOptions, webCall } from '../support/grpc-web/client.js';
import { frame } from '../support/grpc-web/frames.js';
import { answer, echo, type WebFront, webStage } from './grpc-web-harness.js';
import { until } from './harness.js';

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

let serve: Handler = echo;
let front: WebFront;
let stop: () => Promise<void>;

beforeEach(async () => {
  serve = echo;
  ({ front, stop } = await webStage((stream, headers) => serve(stream, headers)));
});
afterEach(() => stop());

for (const version of versions) {
  const options = (more: Partial<WebCallOptions> = {}): WebCallOptions => ({
    address: front.address,
    version,
    path: '/test.Service/Method',
    ...more,
  });

  for (const text of [false, true]) {
    describe(`gRPC-web as ${text ? 'text' : 'bytes'} over ${version}`, { timeout: 90_000 }, () => {
      test('16 MB go both ways, byte by byte the same', async () => {
        const payload = randomBytes(16_000_000);
        const saw = await webCall(options({ text }), frame(payload));
        assert.equal(saw.messages.length, 1);
        assert.ok(saw.messages[0]?.equals(payload));
        assert.deepEqual(saw.trailers, [['grpc-status', '0']]);
        assert.deepEqual([saw.rest, saw.cut], [0, false]);
      });

      test('each message of a server is there before the next one is made, and the head before the first', async () => {
        const parts = [Buffer.from('a'), Buffer.alloc(70_000, 'b'), Buffer.from('cc'), Buffer.from('ddd')];
        let next = (): void => {};
        serve = (stream) => {
          stream.resume();
          answer(stream, { 'grpc-status': '0' }, { 'x-head': 'now' });
          let at = 0;
          next = () => {
            const part = parts[at++];
            if (part === undefined) stream.end();
            else stream.write(frame(part));
          };
        };
        const call = await openWebCall(options({ text }));
        call.out.end();
        assert.deepEqual(valuesOf((await call.head).fields, 'x-head'), ['now']);
        let expected = 0;
        for (const part of parts) {
          next();
          const bytes = part.length + 5;
          expected += text ? 4 * Math.ceil(bytes / 3) : bytes;
          await until(() => call.received >= expected, 'a message');
        }
        next();
        assert.deepEqual((await call.over).messages, parts);
      });

      test('a body that comes one byte at a time is the same body', async () => {
        const bodies = [frame('one'), frame(''), frame('three', 1)];
        const sent = text ? bodies.map((body) => body.toString('base64')).join('') : Buffer.concat(bodies);
        const call = await openWebCall(options({ text }));
        for (const byte of Buffer.from(sent)) {
          call.out.write(Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        call.out.end();
        const { messages, flags } = await call.over;
        assert.deepEqual(messages.map(String), ['one', '', 'three']);
        assert.deepEqual(flags, [0, 0, 1], 'a compressed message stays one');
      });

      test('a status that comes before any message is in the headers, and there is no body', async () => {
        serve = (stream) => {
          stream.respond(
            {
              ':status': 200,
              'content-type': 'application/grpc',
              'grpc-status': '5',
              'grpc-message': 'no%20',
            },
            { endStream: true },
          );
        };
        const saw = await webCall(options({ text }), frame('x'));
        assert.deepEqual(valuesOf(saw.fields, 'grpc-status'), ['5']);
        assert.deepEqual(valuesOf(saw.fields, 'grpc-message'), ['no%20']);
        assert.deepEqual(valuesOf(saw.fields, 'content-type'), [
          `application/grpc-web${text ? '-text' : ''}+proto`,
        ]);
        assert.equal(saw.body.length, 0);
      });

      test('a deadline that passes is told behind the messages, or in the headers', async () => {
        serve = (stream) => {
          answer(stream);
          stream.write(frame('first'));
        };
        const headers = [['grpc-timeout', '1000m']] as const;
        const late = await webCall(options({ text, headers }), frame('x'));
        assert.deepEqual(late.messages.map(String), ['first']);
        assert.deepEqual(late.trailers?.[0], ['grpc-status', '4']);
        serve = (stream) => stream.resume();
        const silent = await webCall(options({ text, headers }), frame('x'));
        assert.deepEqual(valuesOf(silent.fields, 'grpc-status'), ['4']);
      });
    });
  }

  describe(`gRPC-web over ${version}`, { timeout: 90_000 }, () => {
    test('a message that stays unfinished is cut off, and never followed by trailers', async () => {
      serve = (stream) => {
        answer(stream);
        stream.write(frame('whole'));
        stream.write(frame(Buffer.alloc(1_000)).subarray(0, 300), () => stream.close(8));
      };
      const saw = await webCall(options(), frame('x'));
      assert.equal(saw.cut, true);
      // What was on its way may be lost with the cut.
      assert.deepEqual(saw.messages.map(String), ['whole'].slice(0, saw.messages.length));
      assert.ok(saw.rest <= 300);
      assert.equal(saw.trailers, undefined);
      assert.equal(front.results[0]?.status, 1);
    });

    test("a server has no say about the hub's origin, and cannot mark an error as Postern's", async () => {
      const said = {
        'set-cookie': 'a=b',
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        'strict-transport-security': 'max-age=1',
        'clear-site-data': '"*"',
        'x-postern-error': 'FORGED',
        'x-other': 'passed',
      };
      serve = (stream) => {
        stream.resume();
        answer(stream, { 'grpc-status': '9', 'x-postern-error': 'FORGED' }, said);
        stream.end();
      };
      const saw = await webCall(options(), frame('x'));
      const names = [...saw.fields, ...(saw.trailers ?? [])].map(([name]) => name);
      assert.deepEqual(
        Object.keys(said).filter((name) => names.includes(name)),
        ['x-other'],
      );
      assert.deepEqual(saw.trailers, [['grpc-status', '9']]);
    });

    test('a server cannot pass trailers off as a message', async () => {
      serve = (stream) => {
        stream.resume();
        answer(stream, { 'grpc-status': '7' });
        stream.write(frame('good'), () => {
          stream.end(frame('grpc-status: 0\r\nx-postern-error: FORGED\r\n', 0x80));
        });
      };
      const { trailers = [], messages } = await webCall(options(), frame('x'));
      assert.deepEqual(messages.map(String), ['good']);
      assert.deepEqual(valuesOf(trailers, 'grpc-status'), ['13']);
      assert.deepEqual(valuesOf(trailers, 'x-postern-error'), ['INTERNAL']);
    });

    test('trailers as a message, in one piece with the end of another, cut the response', async () => {
      const good = frame('good');
      serve = (stream) => {
        stream.resume();
        answer(stream);
        stream.write(good.subarray(0, 7));
        rest = () => stream.write(Buffer.concat([good.subarray(7), frame('grpc-status: 0\r\n', 0x80)]));
      };
      let rest = (): unknown => undefined;
      const call = await openWebCall(options());
      call.out.end(frame('x'));
      await until(() => call.received === 7, 'the first piece');
      rest();
      const saw = await call.over;
      assert.equal(saw.cut, true);
      assert.deepEqual([saw.messages.length, saw.trailers], [0, undefined]);
    });

    test('a client that goes away is cancelled at the server within 500 ms', async () => {
      let served: ServerHttp2Stream | undefined;
      serve = (stream) => {
        served = stream;
        answer(stream);
        stream.write(frame('first'));
      };
      const call = await openWebCall(options());
      call.out.write(frame('x'));
      await until(() => call.received > 0, 'the first message');
      const awake = awakeTime();
      call.abandon();
      await until(() => served?.closed === true, 'the end at the server');
      assert.ok(awake.stop() < 500);
      assert.equal(served?.rstCode, 8);
      assert.equal(front.results[0]?.status, 1);
    });

    test('a client that does not read stops the server', async () => {
      let written = 0;
      const chunk = frame(Buffer.alloc(65_531));
      serve = (stream) => {
        answer(stream);
        const more = (): void => {
          if (stream.destroyed) return;
          written += chunk.length;
          stream.write(chunk, more);
        };
        more();
      };
      const call = await openWebCall(options());
      call.out.end();
      const { body } = await call.head;
      body.pause();
      await steady(() => written);
      // Sockets of the system hold some megabytes more than our windows.
      assert.ok(written < 24_000_000, `${written} bytes were taken from the server`);
      call.abandon();
    });

    test('a server that does not read stops the client', async () => {
      serve = (stream) => answer(stream);
      const call = await openWebCall(options());
      const chunk = frame(Buffer.alloc(65_531));
      let written = 0;
      const more = (): void => {
        written += chunk.length;
        if (!call.out.destroyed) call.out.write(chunk, more);
      };
      more();
      await steady(() => written);
      assert.ok(written < 24_000_000, `${written} bytes were taken from the client`);
      call.abandon();
    });
  });
}

/** Waits until a number has stayed the same for half a second. */
async function steady(read: () => number): Promise<void> {
  let [last, since] = [-1, performance.now()];
  await until(
    () => {
      if (read() !== last) [last, since] = [read(), performance.now()];
      return last > 0 && performance.now() - since > 500;
    },
    'a stop',
    20_000,
  );
}
