import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort } from '../../../src/bus/server-process.js';
import { eventually } from '../../support/processes.js';
import { addressOf, asked, connectionsTo, serveWeb, startDaemon, startPeer } from './peer-stage.js';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('what an agent says of daemons, more of it', { concurrency: true }, () => {
  test('a daemon that was just started is seen, even where it was missed just before, and one that is another now', async (t) => {
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const { peer } = startPeer(t, address);
    for (let i = 0; i < 20; i += 1) assert.equal(await peer.isProcessRunning(soon()), false);
    for (const end of ['SIGKILL', 'SIGTERM'] as const) {
      const daemon = await startDaemon(t, address);
      assert.equal(await peer.isProcessRunning(soon()), true);
      assert.equal(await peer.testConnection(soon()), true);
      await daemon.process.stop(end);
      assert.equal(await peer.isProcessRunning(soon()), false);
    }
  });

  test('another daemon is asked as often as wanted, over one connection, which is closed in the end', async (t) => {
    const own = await startDaemon(t);
    const { peer, watch } = startPeer(t, addressOf(own));
    const other = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const test = (tries: number) => peer.testConnectionToPeer({ ...asked(other), tries }, soon());
    for (const tries of [-1, 0, 1]) assert.equal(await test(tries), false);
    const many = Promise.all(Array.from({ length: 50 }, () => test(30)));
    await startDaemon(t, other);
    const most: number[] = [];
    const counting = setInterval(async () => most.push(await connectionsTo(other)), 10);
    assert.deepEqual(new Set(await many), new Set([true]));
    clearInterval(counting);
    assert.ok(Math.max(0, ...most) <= 1, `${Math.max(...most)} connections`);
    await eventually('it is closed', async () => (await connectionsTo(other)) === 0);
    assert.equal(watch.address, addressOf(own));
    const web = `127.0.0.1:${await freePort('127.0.0.1')}`;
    await serveWeb(t, web);
    assert.equal(await peer.testConnectionToPeer({ ...asked(web), tries: 1 }, soon()), false);
  });

  test('a daemon that does not answer is waited for within the time of who asks, who is told why', async (t) => {
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const { peer } = startPeer(t, address);
    await assert.rejects(peer.connectToPeer(asked(address), AbortSignal.timeout(500)), {
      code: 'DAEMON_UNREACHABLE',
      message: /did not say what it is/,
    });
    const connecting = peer.connectToPeer(asked(address), soon());
    await startDaemon(t, address);
    await connecting;
  });
});
