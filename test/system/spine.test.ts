import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Fleet } from '../support/fleet.js';
import { interopCases } from '../support/interop/cases.js';
import { InteropClient, type InteropTarget } from '../support/interop/client.js';
import type { RunningProcess } from '../support/processes.js';

let fleet: Fleet;
let hub: RunningProcess;
let address: string;
let token: string;

before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up(['--domain', 'nodes.test', '--route', 'path=/grpc.testing.,node=cellar']);
  address = await fleet.hubAddress();
  const server = await fleet.interopServer();
  await fleet.agent('cellar', [server.address]);
  token = await fleet.callerToken('tester', ['--nodes', 'cellar']);
});

after(() => fleet.stop());

/** A target that reaches the node with this metadata. */
function target(entries: Record<string, string>): InteropTarget {
  return { address, metadata: entries };
}

const bearer = () => ({ authorization: `Bearer ${token}` });

describe("gRPC's interop cases through hub, bus and agent", () => {
  for (const [name, run] of Object.entries(interopCases)) {
    test(name, () => run(target({ ...bearer(), name: 'cellar' })));
  }
});

describe('a node is named', () => {
  const ways: Record<string, Record<string, string>> = {
    'by name': { name: 'cellar' },
    'by x-postern-node': { 'x-postern-node': 'cellar' },
    'by the table': {},
  };
  for (const [way, entries] of Object.entries(ways)) {
    test(way, () => interopCases.empty_unary?.(target({ ...bearer(), ...entries })));
  }

  test('by host name', async () => {
    const session = connect(`http://${address}`);
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.testing.TestService/EmptyCall',
        ':authority': 'cellar.nodes.test',
        'content-type': 'application/grpc',
        te: 'trailers',
        authorization: `Bearer ${token}`,
      });
      stream.end(Buffer.alloc(5));
      stream.resume();
      const [trailers] = await once(stream, 'trailers');
      assert.equal(trailers['grpc-status'], '0');
    } finally {
      session.destroy();
    }
  });

  test('x-postern-node first: then `name` is for the server', async () => {
    const client = new InteropClient(target({ ...bearer(), 'x-postern-node': 'cellar', name: 'nobody' }));
    const { error } = await client.emptyCall();
    client.close();
    assert.ifError(error);
  });
});

describe('a call that may not be', () => {
  async function failure(entries: Record<string, string>): Promise<{ code: number; marker: unknown }> {
    const client = new InteropClient(target(entries));
    const { error } = await client.emptyCall();
    client.close();
    assert.ok(error, 'it fails');
    return { code: error.code, marker: error.metadata.get('x-postern-error')[0] };
  }

  test('no token', async () => {
    assert.deepEqual(await failure({ name: 'cellar' }), {
      code: status.UNAUTHENTICATED,
      marker: 'UNAUTHENTICATED',
    });
  });

  test('a node outside of the token', async () => {
    assert.deepEqual(await failure({ ...bearer(), name: 'attic' }), {
      code: status.PERMISSION_DENIED,
      marker: 'PERMISSION_DENIED',
    });
  });

  test('an unknown node', async () => {
    const all = await fleet.callerToken('everywhere');
    const client = new InteropClient(target({ authorization: `Bearer ${all}`, name: 'nobody' }));
    const { error } = await client.emptyCall();
    client.close();
    assert.equal(error?.code, status.UNAVAILABLE);
    assert.match(error?.details ?? '', /nobody/);
  });
});

test("the hub's token stays in the hub, the caller's own authorization passes", async () => {
  let seen: IncomingHttpHeaders = {};
  const server = createServer();
  server.on('stream', (stream, headers) => {
    seen = headers;
    stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  await fleet.agent('headers', [`127.0.0.1:${bound.port}`]);
  const all = await fleet.callerToken('headers');
  const entries = {
    'x-postern-authorization': all,
    authorization: 'Basic mine',
    name: 'headers',
    other: 'too',
  };
  const client = new InteropClient(target(entries));
  await client.emptyCall();
  client.close();
  server.close();
  assert.equal(seen.authorization, 'Basic mine');
  assert.equal(seen.other, 'too');
  assert.equal(seen.te, 'trailers');
  assert.equal(seen.name, undefined, 'the routing key is stripped');
  assert.ok(!JSON.stringify(seen).includes(all), 'no token');
  assert.deepEqual(
    Object.keys(seen).filter((name) => name.startsWith('x-postern')),
    [],
  );
});

test('nothing secret is in the logs of the hub', () => {
  assert.ok(hub.stderr().length > 0);
  assert.ok(!hub.stderr().includes(token));
  assert.ok(!/eyJ[A-Za-z0-9_-]{20}/.test(hub.stderr()), 'no JWT');
});
