import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Client, Metadata, status } from '@grpc/grpc-js';
import { connectHub } from '../../src/client/hub-connection.js';
import { type LocalProxy, proxiedMetadata, startLocalProxy } from '../../src/client/local-proxy.js';
import { openRawCall, statusOf } from '../../src/client/raw-call.js';
import { createLogger } from '../../src/log.js';
import { interopCases } from '../support/interop/cases.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { startByteServer } from './grpc-server.js';

const log = createLogger('silent');
let server: InteropServer;
let proxy: LocalProxy;
let address: string;

before(async () => {
  server = await startInteropServer();
  const target = { address: server.address, from: 'a test', token: 'secret' };
  proxy = await startLocalProxy({ listen: ['127.0.0.1:0'], node: 'demo', target, log });
  address = proxy.addresses[0] ?? '';
});

after(async () => {
  await proxy.stop(1_000);
  await server.stop();
});

for (const [name, run] of Object.entries(interopCases)) {
  test(`through the proxy: ${name}`, () => run({ address }));
}

async function statusThrough(client: Client, metadata: Metadata): Promise<number> {
  const call = openRawCall(client, '/a.B/C', metadata, Date.now() + 5_000);
  const end = statusOf(call);
  call.resume();
  call.end();
  return (await end).code;
}

test('name and token are added, the own ones replaced, and the rest passes', async () => {
  let seen = new Metadata();
  const byteServer = await startByteServer({
    '/a.B/C': (call) => {
      seen = call.metadata;
      call.resume().on('end', () => call.end());
    },
  });
  const target = { address: byteServer.address, from: 'a test', token: 'secret' };
  const own = await startLocalProxy({ listen: ['127.0.0.1:0'], node: 'demo', target, log });
  const through = { address: own.addresses[0] ?? '', from: 'a test', token: undefined };
  const connection = await connectHub(through, 5_000);
  try {
    const metadata = new Metadata();
    metadata.set('x-postern-node', 'other');
    metadata.set('x-postern-authorization', 'Bearer stolen');
    metadata.set('authorization', 'Basic mine');
    metadata.set('name', 'mine');
    assert.equal(await statusThrough(connection.client, metadata), status.OK);
    assert.deepEqual(seen.get('x-postern-node'), ['demo']);
    assert.deepEqual(seen.get('x-postern-authorization'), ['Bearer secret']);
    assert.deepEqual(seen.get('authorization'), ['Basic mine']);
    assert.deepEqual(seen.get('name'), ['mine']);
  } finally {
    connection.close();
    await own.stop(1_000);
    byteServer.stop();
  }
});

test('without node or token nothing is added', () => {
  assert.deepEqual(proxiedMetadata(['a', '1', 'a', '2'], undefined, undefined), ['a', '1', 'a', '2']);
});

test('a hub that is not there is UNAVAILABLE, and HTTP/1.1 is told what this is', async () => {
  const target = { address: '127.0.0.1:1', from: 'a test', token: undefined };
  const own = await startLocalProxy({ listen: ['127.0.0.1:0'], node: 'demo', target, log });
  const at = own.addresses[0] ?? '';
  const connection = await connectHub({ address: at, from: 'a test', token: undefined }, 5_000);
  try {
    assert.equal(await statusThrough(connection.client, new Metadata()), status.UNAVAILABLE);
    const answer = await fetch(`http://${at}/`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /a proxy for gRPC/);
  } finally {
    connection.close();
    await own.stop(1_000);
  }
});
