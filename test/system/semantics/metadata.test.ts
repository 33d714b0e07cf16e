import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential } from '../../support/differential/differential.js';
import { type Field, singleValuedNames, valuesOf } from '../../support/differential/fields.js';
import { afterRequest } from '../../support/differential/server.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

/** Sends these fields in the request, the head and the trailers, and in trailers alone; all must pass unchanged. */
async function passes(fields: readonly Field[], names: readonly string[] = []): Promise<void> {
  const known = names.length === 0 ? {} : { names };
  const { client, server } = await differential.same(
    {
      metadata: fields,
      serve: afterRequest((call) => {
        call.head([['content-type', 'application/grpc'], ...fields]);
        call.trailers([['grpc-status', '0'], ...fields]);
      }),
    },
    known,
  );
  for (const block of [client.head?.fields, client.trailers?.fields, server?.fields]) {
    for (const [name] of fields) {
      assert.deepEqual(valuesOf(block ?? [], name), valuesOf(fields, name), name);
    }
  }
  await differential.same(
    { serve: afterRequest((call) => call.trailersOnly([['grpc-status', '3'], ...fields])) },
    known,
  );
}

describe('metadata pass in the request, the head and the trailers', () => {
  const cases: Record<string, readonly Field[]> = {
    text: [
      ['x-text', 'hello, world'],
      ['x-other', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    ],
    'several values of a name, in their order': [
      ['x-dup', 'c'],
      ['x-dup', 'a'],
      ['x-dup', 'c'],
      ['x-dup', 'b'],
    ],
    'values of two names in turn': [
      ['x-one', '1'],
      ['x-two', 'a'],
      ['x-one', '2'],
      ['x-two', 'b'],
    ],
    'values with commas': [
      ['x-list', 'a, b'],
      ['x-list', 'c,d'],
    ],
    'binary values, padded and not, and several in one': [
      ['x-some-bin', 'AAE='],
      ['x-some-bin', 'AAE'],
      ['x-some-bin', '/+8='],
      ['x-some-bin', 'AAE,AAI'],
      ['x-empty-bin', ''],
    ],
    'empty values': [
      ['x-empty', ''],
      ['x-empty', ''],
      ['x-empty', 'x'],
    ],
    'tabs inside of values': [['x-tab', 'a\tb']],
    'bytes beyond ASCII': [['x-latin', 'caf\xe9 \xff\x80']],
    'names with every character that is allowed': [["x!#$%&'*+-.^_`|~09", 'x']],
    'names that objects have': [
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['tostring', 'c'],
      ['7', 'd'],
    ],
    'long names': [[`x-${'n'.repeat(4_000)}`, 'x']],
    cookies: [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
    ],
    'what tracing and gRPC itself add': [
      ['grpc-previous-rpc-attempts', '2'],
      ['grpc-retry-pushback-ms', '100'],
      ['grpc-encoding', 'gzip'],
      ['grpc-accept-encoding', 'identity,deflate,gzip'],
      ['grpc-tags-bin', 'AAE='],
      ['grpc-trace-bin', 'AAAB'],
      ['grpc-internal-unknown', 'x'],
      ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      ['tracestate', 'a=1'],
      ['baggage', 'k=v'],
    ],
    'what proxies add': [
      ['x-forwarded-for', '192.0.2.1'],
      ['x-forwarded-for', '192.0.2.2'],
      ['forwarded', 'for=192.0.2.1'],
      ['via', '2 one'],
      ['x-request-id', '17'],
    ],
    'what HTTP knows': [
      ['accept-encoding', 'gzip'],
      ['cache-control', 'no-store'],
      ['server', 'somebody'],
      ['trailer', 'x-end'],
      ['vary', '*'],
      ['expect', '100-continue'],
      ['priority', 'u=1'],
    ],
  };
  for (const [what, fields] of Object.entries(cases)) test(what, () => passes(fields));
});

/** These are not metadata: a hop writes them anew, or HTTP/2 forbids them. */
const ofTheHop = ['content-length', 'content-type', 'host', 'proxy-authorization'];

describe('a name that Node sends only once passes in all places', () => {
  for (const name of singleValuedNames.filter((one) => !ofTheHop.includes(one))) {
    for (const values of [['one'], ['one', 'two'], ['one', 'two', 'one']]) {
      test(`${name}, ${values.length} times`, () => passes(values.map((value): Field => [name, value])));
    }
  }
});

describe('many metadata and large ones pass', () => {
  const pairs = (count: number): Field[] =>
    Array.from({ length: count }, (_, at): Field => [`x-key-${at}`, `value ${at}`]);

  test('140 pairs', () => passes(pairs(140)));
  test('1,000 pairs', () => passes(pairs(1_000)));
  test('1,000 values of one name', () =>
    passes(Array.from({ length: 1_000 }, (_, at): Field => ['x-one', `value ${at}`])));
  test('60 KB in one value', () => passes([['x-long', 'v'.repeat(60_000)]]));
  test('70 KB in two values', () =>
    passes([
      ['x-long', 'v'.repeat(35_000)],
      ['x-long', 'w'.repeat(35_000)],
    ]));
  test('70 KB in many values', () =>
    passes(Array.from({ length: 70 }, (_, at): Field => [`x-key-${at}`, 'v'.repeat(1_000)])));
});
