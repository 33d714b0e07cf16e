import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential } from '../../support/differential/differential.js';
import { type Field, valuesOf } from '../../support/differential/fields.js';
import { message } from '../../support/differential/message.js';
import { afterRequest } from '../../support/differential/server.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

/** Has the server end calls with these trailers: alone, after a head, and after a message; all must pass unchanged. */
async function passes(trailers: readonly Field[]): Promise<void> {
  const alone = await differential.same({ serve: afterRequest((call) => call.trailersOnly(trailers)) });
  const headed = await differential.same({
    serve: afterRequest((call) => {
      call.head();
      call.trailers(trailers);
    }),
  });
  const late = await differential.same({
    serve: afterRequest(async (call) => {
      call.head();
      await call.data(message('half of it'));
      call.trailers(trailers);
    }),
  });
  for (const { client } of [alone, headed, late]) {
    const ended = (client.trailers ?? client.head)?.fields ?? [];
    for (const [name] of trailers) assert.deepEqual(valuesOf(ended, name), valuesOf(trailers, name));
  }
}

describe('a status passes as the server sent it', () => {
  for (let code = 0; code <= 16; code += 1) {
    test(`code ${code}`, () => passes([['grpc-status', String(code)]]));
  }
  for (const odd of ['17', '99', '4294967296', '-1', '00', '007', '+5', '5.0', 'NOT_FOUND', '0x5', '']) {
    test(`'${odd}', which is no code`, () => passes([['grpc-status', odd]]));
  }
  test('two of them', () =>
    passes([
      ['grpc-status', '5'],
      ['grpc-status', '7'],
    ]));
});

describe('a message of a status passes as the server sent it', () => {
  const messages: Record<string, string> = {
    'plain text': 'it is not here',
    nothing: '',
    'percent-encoded UTF-8': 'caf%C3%A9 %E2%98%BA %F0%9F%98%88',
    'percent-encoded control characters': '%0A%0D%09%00',
    'percent-encoded bytes that are no UTF-8': '%FF%FE%80',
    'a lone percent sign': '100 % sure %',
    'a broken escape': '%zz %4 %%41 %E2%98',
    'an escape in lower case': '%e2%98%ba',
    'UTF-8 that nobody encoded': Buffer.from('café ☺', 'utf8').toString('latin1'),
    'a tab': 'a\tb',
    '8 KB': 'x'.repeat(8_192),
  };
  for (const [what, text] of Object.entries(messages)) {
    test(what, () =>
      passes([
        ['grpc-status', '3'],
        ['grpc-message', text],
      ]),
    );
  }
});

describe('details of a status pass as the server sent them', () => {
  // Field 1 of google.rpc.Status is the code: bytes whose base64 needs one padding character, two and none.
  const details = [
    Buffer.from('080512016e', 'hex'),
    Buffer.from('08051200', 'hex'),
    Buffer.from('080512', 'hex'),
  ];
  for (const bytes of details) {
    const padded = bytes.toString('base64');
    test(`${bytes.length} bytes, padded`, () =>
      passes([
        ['grpc-status', '5'],
        ['grpc-status-details-bin', padded],
      ]));
    test(`${bytes.length} bytes, unpadded`, () =>
      passes([
        ['grpc-status', '5'],
        ['grpc-status-details-bin', padded.replace(/=+$/, '')],
      ]));
  }
  test('base64 that is broken', () =>
    passes([
      ['grpc-status', '5'],
      ['grpc-status-details-bin', '?!*'],
    ]));
  test('16 KB', () => {
    const bytes = Buffer.from(Array.from({ length: 16_384 }, (_, at) => (at * 7) % 256));
    return passes([
      ['grpc-status', '9'],
      ['grpc-status-details-bin', bytes.toString('base64')],
    ]);
  });
});

test('16 KB of trailers pass, in many fields', () =>
  passes([
    ['grpc-status', '10'],
    ...Array.from({ length: 128 }, (_, at): Field => [`x-trailer-${at}`, `${at}-${'v'.repeat(120)}`]),
  ]));

test('trailers that no header announced pass', () =>
  passes([
    ['grpc-status', '0'],
    ['x-never-announced', 'yes'],
    ['trailer', 'x-other'],
    ['grpc-retry-pushback-ms', '250'],
  ]));
