import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { plainAddress } from '../../../src/agent/faults/plain-address.js';
import { isOwn, listeningAt } from '../../../src/agent/faults/process/listening.js';

test('texts of one address become the same, and what is none stays', () => {
  for (const [text, plain] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['0000:0000:0000:0000:0000:FFFF:c000:0207', '192.0.2.7'],
    ['2001:DB8:0:0::0007', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['hub:8080', 'hub:8080'],
  ] as const) {
    assert.equal(plainAddress(text), plain);
  }
  assert.ok(isOwn('0:0:0:0:0:0:0:1') && isOwn('::FFFF:127.0.0.1') && !isOwn('2001:db8::7'));
});

const linux = process.platform === 'linux' ? false : 'Linux tells who listens';

async function listens(t: TestContext, port: number, host: string): Promise<number> {
  const server = createServer();
  server.listen({ port, host, ipv6Only: true });
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('whoever listens at IPv4 is not taken for who listens at the same port of IPv6', {
  skip: linux,
}, async (t) => {
  const port = await listens(t, 0, '0.0.0.0');
  assert.deepEqual(await listeningAt(`[::1]:${port}`), []);
  const [four] = await listeningAt(`127.0.0.1:${port}`);
  await listens(t, port, '::');
  const [six, more] = await listeningAt(`[::1]:${port}`);
  assert.ok(four !== undefined && six !== undefined && more === undefined);
  assert.notEqual(six.inode, four.inode);
  assert.deepEqual(await listeningAt(`127.0.0.1:${port}`), [four]);
  assert.deepEqual(await listeningAt(`[0::1]:${port}`), [six]);
});
