import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort } from '../../../src/bus/server-process.js';
import { awakeTime } from '../../support/awake-time.js';
import { eventually } from '../../support/processes.js';
import { addressOf, asked, connectionsTo, serveWeb, startDaemon, startPeer } from './peer-stage.js';

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

describe('what an agent says of its daemon', { concurrency: true }, () => {
  test('the process runs exactly while it is there and answers', async (t) => {
    const daemon = await startDaemon(t);
    const address = addressOf(daemon);
    const { pid } = daemon.process;
    const { peer, watch } = startPeer(t, address);
    const runs = (): Promise<boolean> => peer.isProcessRunning(soon());
    await eventually('it runs', runs);
    assert.deepEqual(await watch.vitals(), { pid, port: true });

    process.kill(pid, 'SIGSTOP');
    const awake = awakeTime();
    assert.equal(await runs(), false);
    assert.ok(awake.stop() < 5_000, 'that took long');
    assert.deepEqual(await watch.vitals(), { pid, port: true });
    process.kill(pid, 'SIGCONT');
    await eventually('it runs', runs);

    await daemon.process.stop('SIGKILL');
    assert.equal(await runs(), false);
    assert.deepEqual(await watch.vitals(), { pid: undefined, port: false });
    await serveWeb(t, address);
    assert.equal(await runs(), false);
  });

  test('the answer comes before the time of who asks is up', async (t) => {
    const daemon = await startDaemon(t);
    const { peer } = startPeer(t, addressOf(daemon));
    await eventually('it runs', () => peer.isProcessRunning(soon()));
    process.kill(daemon.process.pid, 'SIGSTOP');
    const given = new AbortController();
    const running = peer.isProcessRunning(given.signal);
    const connected = peer.testConnectionToPeer({ ...asked(addressOf(daemon)), tries: 1e15 }, given.signal);
    given.abort();
    const awake = awakeTime();
    assert.deepEqual(await Promise.all([running, connected]), [false, false]);
    assert.ok(awake.stop() < 2_000, 'that took long');
  });

  test('the connection is well when the agent has its hub and its daemon answers', async (t) => {
    const daemon = await startDaemon(t);
    const { peer, around } = startPeer(t, addressOf(daemon));
    await eventually('it is well', () => peer.testConnection(soon()));
    around.hub = false;
    assert.equal(await peer.testConnection(soon()), false);
    around.hub = true;
    await daemon.process.stop('SIGKILL');
    assert.equal(await peer.testConnection(soon()), false);
  });

  test('connecting to the same daemon changes nothing, however it is called and however many do', async (t) => {
    const daemon = await startDaemon(t);
    const address = addressOf(daemon);
    const { peer, watch, around } = startPeer(t, address);
    const { port } = asked(address);
    const hosts = [
      '127.0.0.1',
      'localhost',
      'LOCALHOST.',
      '::1',
      '[::1]',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
    ];
    around.busy = 'r1/t1';
    const calls = Array.from({ length: 200 }, (_, i) =>
      peer.connectToPeer({ host: hosts[i % hosts.length] ?? '', port }, soon()),
    );
    await Promise.all(calls);
    assert.deepEqual([watch.address, watch.state, around.kept], [address, 'serving', []]);
    assert.equal(await connectionsTo(address), 1);
  });

  test('connecting to another daemon moves the watch there, leaks nothing, and waits for tests', async (t) => {
    const [first, second] = await Promise.all([startDaemon(t), startDaemon(t)]);
    const [here, there] = [addressOf(first), addressOf(second)];
    const { peer, watch, around } = startPeer(t, here);
    await peer.connectToPeer(asked(here), soon());
    around.busy = 'r1/t1';
    await assert.rejects(peer.connectToPeer(asked(there), soon()), {
      code: 'DAEMON_BUSY',
      message: new RegExp(`the test r1/t1 runs on the daemon at ${here}`),
    });
    assert.equal(watch.address, here);
    around.busy = '';
    await peer.connectToPeer(asked(there), soon());
    assert.equal(watch.address, there);
    assert.equal(watch.identity?.peer, second.process.ready.peerId);
    assert.equal((await watch.vitals()).pid, second.process.pid);

    const calls = Array.from({ length: 100 }, (_, i) =>
      peer
        .connectToPeer(asked(i % 3 === 0 ? here : there), soon())
        .catch((error: { code: string }) => error.code),
    );
    const ends = new Set(await Promise.all(calls));
    ends.delete(undefined);
    assert.deepEqual(
      [...ends].filter((code) => code !== 'DAEMON_MOVED'),
      [],
    );
    const nowhere = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const overtaken = assert.rejects(peer.connectToPeer(asked(nowhere), soon()), { code: 'DAEMON_MOVED' });
    await eventually('it is looked for there', () => watch.address === nowhere);
    await peer.connectToPeer(asked(here), soon());
    await overtaken;
    assert.equal(around.kept.at(-1), here);
    await eventually(
      'one connection is left',
      async () => (await connectionsTo(here)) === 1 && (await connectionsTo(there)) === 0,
    );
  });
});
