import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential, nodeName } from '../../support/differential/differential.js';
import type { Field } from '../../support/differential/fields.js';
import { type GrpcSaw, grpcCall } from '../../support/differential/grpc-client.js';
import { message } from '../../support/differential/message.js';
import { afterRequest, type Scenario } from '../../support/differential/server.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

/** What a gRPC library makes of what the server does, straight and through Postern. */
async function bothSaw(serve: Scenario): Promise<{ straight: GrpcSaw; through: GrpcSaw }> {
  const path = differential.newPath();
  void differential.server.expect(path, serve);
  const straight = await grpcCall(differential.server.address, path, []);
  const through = await grpcCall(differential.hub, path, [
    ['x-postern-node', nodeName],
    ['x-postern-authorization', differential.token],
  ]);
  return { straight, through };
}

/** An answer as a web server or a proxy gives it. */
function page(httpStatus: number): Scenario {
  return afterRequest(async (call) => {
    call.head([
      [':status', String(httpStatus)],
      ['content-type', 'text/html'],
    ]);
    await call.data(Buffer.from('<html><body>no gRPC here</body></html>'));
    call.trailers([['x-none', 'x']]);
  });
}

/** doc/http-grpc-status-mapping.md of the gRPC project; what is not in it is UNKNOWN. */
const mapping: Record<number, number> = {
  302: 2,
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  405: 2,
  415: 2,
  429: 14,
  500: 2,
  501: 2,
  502: 14,
  503: 14,
  504: 14,
};

describe('a plain HTTP answer becomes the status that gRPC libraries make of it', () => {
  for (const [httpStatus, code] of Object.entries(mapping)) {
    for (const alone of [false, true]) {
      test(`${httpStatus}${alone ? ', a header block alone' : ' with a page'}`, async () => {
        const fields: readonly Field[] = [[':status', httpStatus]];
        const serve = alone ? afterRequest((call) => call.only(fields)) : page(Number(httpStatus));
        const { straight, through } = await bothSaw(serve);
        assert.equal(through.code, code);
        assert.equal(straight.code, code);
        assert.match(through.details, new RegExp(`HTTP status ${httpStatus}`));
        assert.ok(through.details.includes(differential.server.address), through.details);
        assert.deepEqual(through.messages, []);
      });
    }
  }

  test('a page with status 200 is UNKNOWN', async () => {
    const { through } = await bothSaw(page(200));
    assert.equal(through.code, 2);
    assert.match(through.details, /'text\/html', not gRPC/);
  });

  test('a gRPC status beside an HTTP status is believed', async () => {
    const { straight, through } = await bothSaw(
      afterRequest((call) =>
        call.only([
          [':status', '503'],
          ['content-type', 'application/grpc'],
          ['grpc-status', '5'],
          ['grpc-message', 'told'],
        ]),
      ),
    );
    assert.equal(straight.code, 5);
    assert.deepEqual(through, straight);
  });
});

describe('a response without a status becomes what gRPC libraries make of it', () => {
  const head: readonly Field[] = [['content-type', 'application/grpc']];
  const responses: Record<string, Scenario> = {
    'one header block': (call) => call.only(head),
    'a head and trailers': (call) => {
      call.head();
      call.trailers([['x-none', 'x']]);
    },
    'a message and trailers': async (call) => {
      call.head();
      await call.data(message('answer'));
      call.trailers([['x-none', 'x']]);
    },
  };
  for (const [what, serve] of Object.entries(responses)) {
    test(what, async () => {
      const { straight, through } = await bothSaw(afterRequest(serve));
      assert.equal(through.code, straight.code, `${through.details} / ${straight.details}`);
      assert.deepEqual(through.messages, straight.messages);
    });
  }
});
