import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Differential, type Seen } from '../../support/differential/differential.js';
import { type Field, valuesOf } from '../../support/differential/fields.js';
import { grpcCall } from '../../support/differential/grpc-client.js';
import { afterRequest } from '../../support/differential/server.js';
import { freePort } from '../../support/free-port.js';

const marker = 'x-postern-error';

let differential: Differential;
/** Where the server of node `interop` listens, and where that of node `refusing` does not. */
let interop: string;
let refusing: string;
before(async () => {
  differential = await Differential.start();
  const { fleet } = differential;
  interop = (await fleet.interopServer()).address;
  await fleet.agent('interop', [interop]);
  refusing = `127.0.0.1:${await freePort()}`;
  await fleet.agent('refusing', [refusing]);
});
after(() => differential.stop());

/** The block that ended a call, in one: status, message and marker. */
function ending({ client }: Seen): { status: string; message: string; marked: string[] } {
  const fields = (client.trailers ?? client.head)?.fields ?? [];
  return {
    status: valuesOf(fields, 'grpc-status').join(),
    message: decodeURIComponent(valuesOf(fields, 'grpc-message').join()),
    marked: valuesOf(fields, marker),
  };
}

/** Metadata that leads to this node. */
function to(node: string): readonly Field[] {
  return [
    ['x-postern-node', node],
    ['x-postern-authorization', differential.token],
  ];
}

const ok = { serve: afterRequest((call) => call.trailersOnly([['grpc-status', '0']])) };

describe('an error that Postern made says so', () => {
  test('a node that nobody knows: UNAVAILABLE, with its name', async () => {
    const seen = await differential.through({ ...ok, toPostern: to('nobody') });
    const { status, message, marked } = ending(seen);
    assert.equal(status, '14');
    assert.match(message, /'nobody'/);
    assert.deepEqual(marked, ['NODE_UNKNOWN']);
    assert.equal(seen.server, undefined);
    assert.equal(seen.client.head?.endStream, true, 'one header block');
  });

  test('a server that refuses the connection: UNAVAILABLE, with its address', async () => {
    const { status, message, marked } = ending(
      await differential.through({ ...ok, toPostern: to('refusing') }),
    );
    assert.equal(status, '14');
    assert.ok(message.includes(refusing), message);
    assert.deepEqual(marked, ['UNAVAILABLE']);
  });

  test('so does the proxy of the command line, with the same words', async () => {
    const { fleet } = differential;
    const proxy = await fleet.start(
      ['proxy', 'nobody', '--listen', '127.0.0.1:0', '--hub', differential.hub],
      {
        env: { POSTERN_TOKEN: differential.token },
      },
    );
    const listen: unknown = proxy.ready.listen;
    assert.ok(Array.isArray(listen) && typeof listen[0] === 'string');
    const straight = await grpcCall(differential.hub, '/a.B/C', to('nobody'));
    const proxied = await grpcCall(listen[0], '/a.B/C', []);
    assert.deepEqual(straight.trailing[marker], ['NODE_UNKNOWN']);
    assert.deepEqual(proxied, straight);
  });

  test('no token at all: UNAUTHENTICATED', async () => {
    const seen = await differential.through({ ...ok, toPostern: [['x-postern-node', 'differential']] });
    assert.equal(ending(seen).status, '16');
    assert.deepEqual(ending(seen).marked, ['UNAUTHENTICATED']);
    assert.equal(seen.server, undefined);
  });
});

describe('an error of the server is never taken for one of Postern', () => {
  test('a method that it does not know is its own UNIMPLEMENTED, unchanged', async () => {
    for (const path of ['/grpc.testing.TestService/Unknown', '/grpc.testing.Unknown/Unknown']) {
      const straight = await grpcCall(interop, path, []);
      const through = await grpcCall(differential.hub, path, to('interop'));
      assert.equal(straight.code, 12);
      assert.deepEqual(through, straight);
    }
  });

  test('every status that it sends comes without the marker', async () => {
    for (const status of ['1', '4', '7', '12', '13', '14', '16']) {
      const fields: readonly Field[] = [
        ['grpc-status', status],
        ['grpc-message', 'mine'],
      ];
      const seen = await differential.through({ serve: afterRequest((call) => call.trailersOnly(fields)) });
      assert.deepEqual(ending(seen), { status, message: 'mine', marked: [] });
    }
  });

  test('a marker that it sends itself is left out of its trailers', async () => {
    const fields: readonly Field[] = [
      ['grpc-status', '14'],
      [marker, 'NODE_UNKNOWN'],
      ['x-other', 'stays'],
    ];
    const alone = await differential.same(
      { serve: afterRequest((call) => call.trailersOnly(fields)) },
      { names: [marker] },
    );
    assert.deepEqual(ending(alone).marked, ['NODE_UNKNOWN'], 'it was sent');
    const headed = await differential.through({
      serve: afterRequest((call) => {
        call.head([['content-type', 'application/grpc'], ...fields.slice(1)]);
        call.trailers(fields);
      }),
    });
    const only = await differential.through({ serve: afterRequest((call) => call.trailersOnly(fields)) });
    for (const { client } of [headed, only]) {
      const all = [...(client.head?.fields ?? []), ...(client.trailers?.fields ?? [])];
      assert.deepEqual(valuesOf(all, marker), []);
      assert.ok(valuesOf(all, 'x-other').includes('stays'));
    }
  });
});
