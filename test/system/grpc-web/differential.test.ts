import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ClientSaw } from '../../support/differential/client.js';
import { type Case, Differential } from '../../support/differential/differential.js';
import { comparable, type Field } from '../../support/differential/fields.js';
import { message } from '../../support/differential/message.js';
import { afterRequest, type Scenario, type ServerSaw } from '../../support/differential/server.js';
import { versions, type WebSaw, webCall } from '../../support/grpc-web/client.js';
import { framesOf } from '../../support/grpc-web/frames.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

/** What only HTTP/1.1, or a browser's hop, has. */
const ofTheHop = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
];
/** What a request has that depends on who sends it. */
const ofTheSender = [':authority', 'host', 'connection', 'content-length', 'transfer-encoding'];

/** Metadata, messages and status, however they were carried. */
interface Told {
  readonly head: unknown;
  readonly messages: readonly string[];
  readonly flags: readonly number[];
  readonly ended: unknown;
}

function toldByGrpc({ head, body, trailers }: ClientSaw): Told {
  const { messages, flags } = framesOf(body);
  const plain = (fields: readonly Field[] = []): unknown => comparable(fields, [':status', ...ofTheHop]);
  return {
    head: trailers === undefined ? 'in the end' : plain(head?.fields),
    messages: messages.map((each) => each.toString('hex')),
    flags,
    ended: plain((trailers ?? head)?.fields),
  };
}

function toldByWeb({ fields, messages, flags, trailers, rest, cut, httpStatus }: WebSaw): Told {
  assert.deepEqual([httpStatus, rest, cut], [200, 0, false]);
  const plain = (given: readonly Field[]): unknown => comparable(given, [':status', ...ofTheHop]);
  return {
    head: trailers === undefined ? 'in the end' : plain(fields),
    messages: messages.map((each) => each.toString('hex')),
    flags,
    ended: plain(trailers ?? fields),
  };
}

function toldToServer(saw: ServerSaw | undefined): unknown {
  assert.ok(saw !== undefined, 'the call came to the server');
  return {
    fields: comparable(saw.fields, ofTheSender),
    body: saw.body.toString('hex'),
    halfClosed: saw.halfClosed,
  };
}

/** Makes a call by gRPC, straight to the server and through Postern, and by gRPC-web in all its forms. */
async function same(serve: Scenario, more: Partial<Case> = {}): Promise<void> {
  const { metadata = [], body = message('question') } = more;
  assert.ok(body !== 'none');
  const one = { serve: afterRequest(serve), metadata, body };
  const straight = await differential.same({ ...one, path: '/differential.Test/Same' });
  const expected = toldByGrpc(straight.client);
  for (const version of versions) {
    for (const text of [false, true]) {
      const path = '/differential.Test/Same';
      const served = differential.server.expect(path, one.serve);
      const contentType = `application/grpc-web${text ? '-text' : ''}`;
      const headers = [...differential.toPostern, ...metadata];
      const saw = await webCall(
        { address: differential.hub, version, path, contentType, headers, text },
        body,
      );
      const what = `${contentType} over ${version}`;
      assert.deepEqual(toldByWeb(saw), expected, what);
      const atServer = await (await served).closed;
      assert.deepEqual(toldToServer(atServer), toldToServer(straight.server), what);
    }
  }
}

/** Answers with these messages and trailers. */
function answers(
  messages: readonly Buffer[],
  trailers: readonly Field[] = [['grpc-status', '0']],
  head: readonly Field[] = [],
): Scenario {
  return async (call) => {
    call.head([['content-type', 'application/grpc'], ...head]);
    for (const each of messages) await call.data(each);
    call.trailers(trailers);
  };
}

describe('gRPC-web through the hub says what gRPC straight to the server says', () => {
  test('of messages: one, none, empty ones, compressed ones, many', async () => {
    await same(answers([message('answer')]));
    await same(answers([]));
    await same(answers([message(''), message('x'), message('')]));
    await same(answers([message('zipped', 1)], undefined, [['grpc-encoding', 'gzip']]));
    await same(answers(Array.from({ length: 40 }, (_, i) => message(Buffer.alloc(i * 700, i)))));
  });

  test('of requests: several messages, a compressed one, none', async () => {
    await same(answers([message('x')]), { body: Buffer.concat([message('a'), message(''), message('b')]) });
    await same(answers([message('x')]), {
      body: message('zipped', 1),
      metadata: [['grpc-encoding', 'gzip']],
    });
    await same(answers([message('x')]), { body: Buffer.alloc(0) });
  });

  test('of metadata both ways: several values, bytes, long ones', async () => {
    const fields: readonly Field[] = [
      ['x-two', 'first'],
      ['x-two', 'second'],
      ['x-bytes-bin', 'AAEC/w=='],
      ['x-many-bin', 'AA,BB'],
      ['x-long', 'y'.repeat(5_000)],
      ['x-odd_name.1', '!"#$%&() ~'],
    ];
    await same(answers([message('x')], [['grpc-status', '0'], ...fields], fields), { metadata: fields });
  });

  for (const [where, serve] of Object.entries({
    'before anything': (fields) => (call) => call.trailersOnly(fields),
    'behind a head': (fields) => answers([], fields),
    'behind a message': (fields) => answers([message('half of it')], fields),
  } satisfies Record<string, (fields: readonly Field[]) => Scenario>)) {
    test(`of a status ${where}`, async () => {
      for (const code of ['0', '1', '5', '14', '16']) await same(serve([['grpc-status', code]]));
      for (const odd of ['17', 'NOT_FOUND', '']) await same(serve([['grpc-status', odd]]));
    });

    test(`of a message and details of a status ${where}`, async () => {
      const texts = ['it is not here', '', 'caf%C3%A9 %E2%98%BA %F0%9F%98%88', '%0A%0D%00', '100 % sure %'];
      for (const text of texts) {
        await same(
          serve([
            ['grpc-status', '3'],
            ['grpc-message', text],
            ['grpc-status-details-bin', 'CAUSAW4'],
          ]),
        );
      }
    });
  }

  test('of a status that nobody told', async () => {
    const { through } = await differential.both({ serve: afterRequest((call) => call.reset(2)) });
    for (const version of versions) {
      const path = differential.newPath();
      const served = differential.server.expect(
        path,
        afterRequest((call) => call.reset(2)),
      );
      const contentType = 'application/grpc-web';
      const saw = await webCall(
        { address: differential.hub, version, path, contentType, headers: differential.toPostern },
        message('question'),
      );
      assert.deepEqual(toldByWeb(saw).ended, toldByGrpc(through.client).ended);
      assert.equal((await (await served).closed).rst, 2);
    }
  });
});
