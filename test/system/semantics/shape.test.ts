import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Case, Differential } from '../../support/differential/differential.js';
import { message } from '../../support/differential/message.js';
import { afterRequest } from '../../support/differential/server.js';
import { eventually } from '../../support/processes.js';

/** Within so many milliseconds a head must be there that the server has sent. */
const atOnceMs = 100;

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

describe('the shape of a response', () => {
  test('its head is there at once while the server is silent', async () => {
    const sentAtMs: number[] = [];
    const cameAtMs: number[] = [];
    const one: Case = {
      async drive(call) {
        call.stream.write(message('first'));
        await eventually('the head comes', () => call.head !== undefined, { everyMs: 1 });
        cameAtMs.push(call.head?.atMs ?? Number.POSITIVE_INFINITY);
        assert.equal(call.received, 0);
        call.stream.end();
      },
      async serve(call) {
        await eventually('the request comes', () => call.received > 0, { everyMs: 1 });
        sentAtMs.push(performance.now());
        call.head([
          ['content-type', 'application/grpc'],
          ['x-early', 'yes'],
        ]);
        await call.requestEnd;
        call.trailers();
      },
    };
    // The machine may be busy; a head that is held back is late each time.
    for (let i = 0; i < 3; i += 1) await differential.same(one);
    const waitsMs = cameAtMs.map((came, index) => came - (sentAtMs[index] ?? 0));
    assert.equal(waitsMs.length, 6);
    const through = waitsMs.filter((_, index) => index % 2 === 1);
    assert.ok(Math.min(...through) < atOnceMs, `the head took ${through} ms`);
  });

  test('a head is followed by trailers, with no message between', async () => {
    const { client } = await differential.same({
      serve: afterRequest((call) => {
        call.head();
        call.trailers([
          ['grpc-status', '0'],
          ['x-end', 'only'],
        ]);
      }),
    });
    assert.equal(client.head?.endStream, false);
    assert.ok(client.trailers);
  });

  test('trailers alone are one header block that ends the stream', async () => {
    const { client } = await differential.same({
      serve: afterRequest((call) =>
        call.trailersOnly([
          ['grpc-status', '5'],
          ['grpc-message', 'not here'],
          ['x-more', 'a'],
        ]),
      ),
    });
    assert.equal(client.head?.endStream, true);
    assert.equal(client.trailers, undefined);
  });

  test('trailers alone may say OK', async () => {
    const { client } = await differential.same({
      serve: afterRequest((call) => call.trailersOnly([['grpc-status', '0']])),
    });
    assert.equal(client.head?.endStream, true);
  });

  test('it comes before the request has ended', async () => {
    const { server } = await differential.same(
      {
        async drive(call) {
          call.stream.write(message('more will come'));
          await eventually('the trailers come', () => call.trailers !== undefined, { everyMs: 1 });
          call.stream.end();
        },
        async serve(call) {
          await eventually('the request comes', () => call.received > 0, { everyMs: 1 });
          call.head();
          await call.data(message('enough'));
          call.trailers([['grpc-status', '8']]);
        },
      },
      { rst: true, request: true },
    );
    assert.deepEqual(server?.body, message('more will come'));
  });
});

describe('the bytes of a message', () => {
  const bodies: Record<string, Buffer> = {
    'nothing at all': Buffer.alloc(0),
    'an empty message': message(''),
    'many empty messages': Buffer.concat(Array.from({ length: 100 }, () => message(''))),
    'empty messages between full ones': Buffer.concat([message(''), message('a'), message(''), message('b')]),
    'half a message': message('cut off').subarray(0, 7),
    'no gRPC framing': Buffer.from('just text'),
    'a length of 4 GiB': Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]),
    'a message that says it is compressed, and is': message(gzipSync('text'), 1),
    'a message that says it is compressed, and is not': message('garbage', 1),
    'a flag that does not exist': message('x', 0x7f),
    'all bytes there are': message(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
  };
  for (const [what, body] of Object.entries(bodies)) {
    test(`${what} passes both ways`, async () => {
      const { client, server } = await differential.same({
        body,
        metadata: [
          ['grpc-encoding', 'gzip'],
          ['grpc-accept-encoding', 'identity,deflate,gzip'],
        ],
        serve: afterRequest(async (call) => {
          call.head([
            ['content-type', 'application/grpc'],
            ['grpc-encoding', 'gzip'],
            ['grpc-accept-encoding', 'gzip'],
          ]);
          if (body.length > 0) await call.data(await call.requestEnd);
          call.trailers();
        }),
      });
      assert.ok(client.body.equals(body));
      assert.ok(server?.body.equals(body));
    });
  }

  test('a request whose header block ends it', async () => {
    const { server } = await differential.same({
      body: 'none',
      serve: afterRequest((call) => {
        call.head();
        call.trailers();
      }),
    });
    assert.equal(server?.halfClosed, true);
  });
});
