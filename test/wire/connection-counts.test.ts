import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { preface, settings } from './frames.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { until } from './harness.js';
import { version1 } from './proxy-headers.js';

const open: Socket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await cleanUp();
});

/** A connection that is served, or closed at once: whether HTTP/2 is spoken on it. */
async function joined(address: string, begin: Buffer = Buffer.alloc(0)): Promise<boolean> {
  const socket = dial(address);
  open.push(socket);
  socket.write(begin);
  socket.write(Buffer.concat([preface, settings]));
  const heard = once(socket, 'data').then(
    () => true,
    () => false,
  );
  return Promise.race([heard, once(socket, 'close').then(() => false)]);
}

describe('connections of one client are bounded', { timeout: 30_000 }, () => {
  test('at all addresses together, and given back when they are closed', async () => {
    const one = await front({
      addresses: ['127.0.0.1:0', '127.0.0.1:0'],
      limits: { connectionsPerAddress: 3, silentMs: 20_000 },
    });
    const [here = '', there = ''] = one.addresses;
    assert.deepEqual([await joined(here), await joined(there), await joined(here)], [true, true, true]);
    assert.equal(await joined(here), false);
    assert.equal(await joined(there), false);
    open[0]?.destroy();
    await until(() => open[0]?.closed === true, 'one is closed');
    let again = false;
    for (let i = 0; i < 50 && !again; i += 1) again = await joined(there);
    assert.equal(again, true, 'its place was not given back');
    assert.equal(await joined(here), false);
  });

  test('those that never say anything count too, until they are cut', async () => {
    const { address } = await front({ limits: { connectionsPerAddress: 1, silentMs: 2_000 } });
    const silent = dial(address);
    await once(silent, 'connect');
    const cut = drained(silent);
    assert.equal(await joined(address), false);
    await cut;
    assert.equal(await joined(address), true);
  });

  test('each by the address that a trusted proxy names, and the proxy has no bound', async () => {
    const { address } = await front({
      trustedProxies: ['127.0.0.1'],
      limits: { connectionsPerAddress: 2 },
    });
    for (const client of ['192.0.2.1', '192.0.2.2']) {
      assert.equal(await joined(address, version1(client)), true);
      assert.equal(await joined(address, version1(client)), true);
      assert.equal(await joined(address, version1(client)), false, client);
    }
    for (let i = 0; i < 5; i += 1) assert.equal(await joined(address), true, 'the proxy of its own');
  });

  test('those of one /64 network of IPv6 are one client', async () => {
    const { address } = await front({
      trustedProxies: ['127.0.0.1'],
      limits: { connectionsPerAddress: 2 },
    });
    assert.equal(await joined(address, version1('2001:db8:0:1::1')), true);
    assert.equal(await joined(address, version1('2001:db8:0:1:ffff::2')), true);
    assert.equal(await joined(address, version1('2001:db8:0:1::3')), false);
    assert.equal(await joined(address, version1('2001:db8:0:2::1')), true);
  });
});
