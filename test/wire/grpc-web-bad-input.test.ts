import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { valuesOf } from '../support/differential/fields.js';
import { versions, type WebSaw, webCall } from '../support/grpc-web/client.js';
import { frame } from '../support/grpc-web/frames.js';
import { answer, echo, type WebFront, webStage } from './grpc-web-harness.js';
import { until } from './harness.js';

const path = '/test.Service/Method';
let front: WebFront;
let stop: () => Promise<void>;
let served: ServerHttp2Stream | undefined;

before(async () => {
  ({ front, stop } = await webStage((stream, headers) => {
    served = stream;
    if (headers[':path'] === path) echo(stream);
    else answer(stream.resume());
  }));
});
after(() => stop());

/** A status, in the headers or behind the messages. */
function told({ fields, trailers }: WebSaw, name: string): string | undefined {
  return valuesOf([...fields, ...(trailers ?? [])], name)[0];
}

const broken: Readonly<Record<string, { text?: boolean; body: Uint8Array | string; says: RegExp }>> = {
  'characters that are no base64': { text: true, body: 'AAAA-AAA', says: /no base64/ },
  'padding within a group': { text: true, body: 'AA=A', says: /no base64/ },
  'base64 that ends within a group': { text: true, body: 'AAAAAAF4A', says: /ends within/ },
  'a frame that is cut short': { body: frame('payload').subarray(0, 9), says: /ends within/ },
  'a frame whose header is cut short': { body: frame('payload').subarray(0, 3), says: /ends within/ },
  'a length of more than there is': {
    body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2]),
    says: /ends within/,
  },
  'a length of less than there is': {
    body: Buffer.concat([frame('x'), Buffer.from([0xee, 1])]),
    says: /trailers/,
  },
  'a frame of trailers': { body: Buffer.concat([frame('x'), frame('a: b\r\n', 0x80)]), says: /trailers/ },
  'a compressed frame of trailers': { body: frame('', 0x81), says: /trailers/ },
};

for (const version of versions) {
  describe(`bad gRPC-web over ${version}`, () => {
    const address = (): string => front.address;

    for (const [what, { text = false, body, says }] of Object.entries(broken)) {
      test(`${what} ends the call at both ends`, async () => {
        served = undefined;
        const saw = await webCall({ address: address(), version, path: '/test.Service/Mute', text }, body);
        assert.equal(told(saw, 'grpc-status'), '13');
        assert.match(decodeURIComponent(told(saw, 'grpc-message') ?? ''), says);
        assert.equal(told(saw, 'x-postern-error'), 'BAD_REQUEST');
        assert.equal(saw.cut, false);
        await until(() => served === undefined || served.closed, 'the end at the server');
      });
    }

    const types: readonly (readonly [type: string, to: string | undefined])[] = [
      ['application/grpc-web', 'application/grpc'],
      ['application/grpc-web+proto', 'application/grpc+proto'],
      ['APPLICATION/gRPC-Web+Proto', 'application/grpc+proto'],
      ['application/grpc-web+json; charset=utf-8', 'application/grpc+json'],
      ['application/grpc-web-text', 'application/grpc'],
      ['Application/Grpc-Web-Text+Proto;charset=UTF-8', 'application/grpc+proto'],
      ['application/grpc-website', undefined],
      ['application/grpc-web+', undefined],
      ['application/grpc-web proto', undefined],
    ];
    for (const [type, to] of types) {
      test(`the content type '${type}' is ${to === undefined ? 'refused' : `'${to}' for the server`}`, async () => {
        const text = /text/i.test(type);
        const saw = await webCall({ address: address(), version, path, contentType: type, text }, frame('x'));
        assert.equal(saw.httpStatus, to === undefined ? 415 : 200);
        if (to === undefined) return;
        assert.deepEqual(saw.messages.map(String), ['x']);
        const [sent] = valuesOf(pairs(front.heads.at(-1)?.metadata ?? []), 'content-type');
        assert.equal(sent, to);
        const [came] = valuesOf(saw.fields, 'content-type');
        assert.equal(came, to.replace('grpc', text ? 'grpc-web-text' : 'grpc-web'));
      });
    }

    for (const [accept, textRequest, textResponse] of [
      ['application/grpc-web-text', false, true],
      ['application/grpc-web+proto', true, false],
      ['*/*', true, true],
      ['*/*', false, false],
    ] as const) {
      test(`a request as ${textRequest ? 'text' : 'bytes'} that accepts ${accept} is answered as ${textResponse ? 'text' : 'bytes'}`, async () => {
        const contentType = `application/grpc-web${textRequest ? '-text' : ''}`;
        const body = textRequest ? frame('xyz').toString('base64') : frame('xyz');
        const headers = [['accept', accept]] as const;
        const saw = await webCall(
          { address: address(), version, path, contentType, headers, text: true },
          body.toString('latin1'),
        );
        assert.deepEqual(saw.messages.map(String), ['xyz']);
        assert.equal(valuesOf(saw.fields, 'content-type')[0]?.includes('-text'), textResponse);
      });
    }

    test('a body with a content encoding of HTTP is refused', async () => {
      const headers = [['content-encoding', 'gzip']] as const;
      const saw = await webCall({ address: address(), version, path, headers }, frame('x'));
      assert.equal(saw.httpStatus, 415);
    });

    test('a GET is refused, and told what to do', async () => {
      const saw = await webCall({ address: address(), version, path, method: 'GET' }, '');
      assert.equal(saw.httpStatus, 405);
      assert.deepEqual(valuesOf(saw.fields, 'allow'), ['POST']);
    });

    test('what the browser says about itself and its connection is no metadata', async () => {
      const headers = [
        ['cookie', 'session=secret'],
        ['accept', '*/*'],
        ['accept-encoding', 'gzip'],
        ['x-grpc-web', '1'],
        ['x-user-agent', 'grpc-web-javascript/0.1'],
        ['x-mine', 'one'],
        ['x-mine', 'two'],
        ['grpc-timeout', '5S'],
      ] as const;
      await webCall({ address: address(), version, path, headers }, frame('x'));
      const head = front.heads.at(-1);
      const sent = pairs(head?.metadata ?? []);
      for (const name of [
        'cookie',
        'accept',
        'accept-encoding',
        'x-grpc-web',
        'grpc-timeout',
        'connection',
        'host',
      ]) {
        assert.deepEqual(valuesOf(sent, name), [], name);
      }
      assert.equal(valuesOf(sent, 'x-mine').join(), 'one,two');
      assert.deepEqual(valuesOf(sent, 'x-user-agent'), ['grpc-web-javascript/0.1']);
      assert.equal(head?.timeoutMs, 5_000);
    });
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []));
}
