import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Case, Differential } from '../../support/differential/differential.js';
import { valuesOf } from '../../support/differential/fields.js';
import { afterRequest } from '../../support/differential/server.js';

let differential: Differential;
before(async () => {
  differential = await Differential.start();
});
after(() => differential.stop());

const ok: Case = { serve: afterRequest((call) => call.trailersOnly([['grpc-status', '0']])) };

describe('a path reaches the server as it was sent', () => {
  const paths: Record<string, string> = {
    'with escapes, whole and broken': '/package.Service/M%20%41%zz%',
    'with a query and a fragment': '/package.Service/Method?a=1&b=2#c',
    'with dots and doubled slashes': '/package.Service/../Other//Method/.',
    'with more segments': '/a/b/c/d/e',
    'without a method': '/package.Service/',
    'with a service of no letters': '//Method',
    'in mixed case': '/PACKAGE.service/mETHOD',
    'with every printable character': '/p/!"$%&\'()*+,-.:;<=>@[\\]^_`{|}~',
    'with UTF-8': `/package.Service/${Buffer.from('café☺', 'utf8').toString('latin1')}`,
    'with bytes that are no UTF-8': '/package.Service/\xff\xfe\x80',
    'of 8,000 characters': `/package.Service/${'m'.repeat(8_000)}`,
    'of 60,000 characters': `/package.Service/${'m'.repeat(60_000)}`,
  };
  for (const [what, path] of Object.entries(paths)) {
    test(what, async () => {
      const { server } = await differential.same({ ...ok, path });
      assert.deepEqual(valuesOf(server?.fields ?? [], ':path'), [path]);
    });
  }
});

describe('a content type reaches the other side as it was sent', () => {
  const types = [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc+json',
    'application/grpc+x-own.type',
    'application/grpc;charset=utf-8',
    'Application/gRPC+Proto',
  ];
  for (const type of types) {
    test(type, async () => {
      const { server, client } = await differential.same({
        standard: [
          ['te', 'trailers'],
          ['content-type', type],
        ],
        serve: afterRequest((call) => {
          call.head([['content-type', type]]);
          call.trailers();
        }),
      });
      assert.deepEqual(valuesOf(server?.fields ?? [], 'content-type'), [type]);
      assert.deepEqual(valuesOf(client.head?.fields ?? [], 'content-type'), [type]);
    });
  }
});

test('an authority reaches the server as it was sent', async () => {
  for (const authority of ['server.test', 'Server.TEST:443', '[2001:db8::1]:50051', 'user@server.test']) {
    const { server } = await differential.same({ ...ok, authority });
    assert.deepEqual(valuesOf(server?.fields ?? [], ':authority'), [authority]);
  }
});

describe('what Postern writes anew', () => {
  test('te: a server is told that trailers are understood, always', async () => {
    const standard: Case['standard'] = [['content-type', 'application/grpc']];
    const { straight, through } = await differential.both({ ...ok, standard });
    assert.deepEqual(valuesOf(straight.server?.fields ?? [], 'te'), []);
    assert.deepEqual(valuesOf(through.server?.fields ?? [], 'te'), ['trailers']);
  });

  test('host: the authority stands for it', async () => {
    const { straight, through } = await differential.both({
      ...ok,
      metadata: [['host', 'server.test:50051']],
    });
    assert.deepEqual(valuesOf(straight.server?.fields ?? [], 'host'), ['server.test:50051']);
    assert.deepEqual(valuesOf(through.server?.fields ?? [], 'host'), []);
    assert.deepEqual(valuesOf(through.server?.fields ?? [], ':authority'), ['server.test:50051']);
  });

  test('content-length and credentials for a proxy stay at their hop', async () => {
    const { server } = await differential.same(
      {
        metadata: [
          ['content-length', '5'],
          ['proxy-authorization', 'Basic x'],
        ],
        serve: afterRequest((call) => {
          call.head([
            ['content-type', 'application/grpc'],
            ['proxy-authenticate', 'Basic'],
          ]);
          call.trailers();
        }),
      },
      { names: ['content-length', 'proxy-authorization', 'proxy-authenticate'] },
    );
    assert.deepEqual(valuesOf(server?.fields ?? [], 'content-length'), ['5']);
  });

  test('a content type that was sent twice is sent once', async () => {
    const twice: Case['standard'] = [
      ['te', 'trailers'],
      ['content-type', 'application/grpc+a'],
      ['content-type', 'application/grpc+b'],
    ];
    const { through } = await differential.both({ ...ok, standard: twice });
    assert.deepEqual(valuesOf(through.server?.fields ?? [], 'content-type'), ['application/grpc+a']);
  });
});

describe('what HTTP/2 forbids does not get through, as it does not get to a server', () => {
  const forbidden: Record<string, [string, string]> = {
    'a space before a value': ['x-space', ' x'],
    'a space behind a value': ['x-space', 'x '],
    'a control character in a value': ['x-control', 'a\x01b'],
    'a line break in a value': ['x-line', 'a\r\nb'],
    'an upper-case name': ['X-Upper', 'a'],
    'a space in a name': ['x name', 'a'],
    'a header of the connection': ['connection', 'close'],
    'a te that is not trailers': ['te', 'gzip'],
    'a late pseudo-header': [':path', '/other/Path'],
  };
  for (const [what, field] of Object.entries(forbidden)) {
    test(what, async () => {
      const { server } = await differential.same({ ...ok, metadata: [field] });
      const [name, value] = field;
      assert.ok(!valuesOf(server?.fields ?? [], name).includes(value));
    });
  }
});
