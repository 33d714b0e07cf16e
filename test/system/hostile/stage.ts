import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Fleet } from '../../support/fleet.js';
import { InteropClient } from '../../support/interop/client.js';
import type { RunningProcess } from '../../support/processes.js';

/** A hub, an agent and a server as real processes, and somebody who calls through them all the time. */
export interface HostileStage {
  readonly hub: RunningProcess;
  readonly address: string;
  readonly token: string;
  /**
   * Runs an attack while calls of others go on; fails when one of them fails, when the hub holds much more memory
   * than before at any moment, or writes many log lines.
   */
  during(t: TestContext, attack: () => Promise<void>): Promise<void>;
  /** Opens a connection to the front door. Its errors are taken. */
  dial(): Socket;
  stop(): Promise<void>;
}

/** What an attack may add to the memory of a hub, in MiB. */
const mostMemoryMiB = 192;
/** What an attack may add to the log. */
const mostLines = 150;

export async function setHostileStage(): Promise<HostileStage> {
  const fleet = await Fleet.make();
  try {
    return await set(fleet);
  } catch (thrown) {
    await fleet.stop();
    throw thrown;
  }
}

async function set(fleet: Fleet): Promise<HostileStage> {
  const hub = await fleet.up();
  const server = await fleet.interopServer();
  await fleet.agent('cellar', [server.address]);
  const token = await fleet.callerToken('tester');
  const address = await fleet.hubAddress();
  const { hostname: host, port } = new URL(`http://${address}`);
  const sockets = new Set<Socket>();
  const residentMiB = async (): Promise<number> => {
    const text = await readFile(`/proc/${hub.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1024;
  };
  const lines = (): number => hub.stderr().split('\n').length;

  return {
    hub,
    address,
    token,
    async during(t, attack) {
      const client = new InteropClient({
        address,
        metadata: { name: 'cellar', authorization: `Bearer ${token}` },
      });
      const call = async (): Promise<void> => {
        const { status: end } = await client.emptyCall(undefined, { deadline: Date.now() + 10_000 });
        assert.equal(end.code, status.OK, end.details);
      };
      await call();
      const before = { memory: await residentMiB(), lines: lines() };
      let most = before.memory;
      let over = false;
      const attacked = attack().finally(() => {
        over = true;
      });
      let [calls, slowest] = [0, 0];
      while (!over) {
        const startedAt = performance.now();
        await call();
        slowest = Math.max(slowest, performance.now() - startedAt);
        calls += 1;
        most = Math.max(most, await residentMiB());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await attacked;
      await call();
      client.close();
      for (const socket of sockets) socket.destroy();
      assert.ok(calls >= 1, 'no call was made meanwhile');
      t.diagnostic(
        `${calls} calls meanwhile, the slowest ${Math.round(slowest)} ms; ${Math.round(most - before.memory)} MiB more`,
      );
      const [grown, written] = [most - before.memory, lines() - before.lines];
      assert.ok(grown < mostMemoryMiB, `the hub grew by ${grown} MiB`);
      assert.ok(written < mostLines, `the hub wrote ${written} lines: ${hub.stderr().slice(-2_000)}`);
    },
    dial() {
      const socket = connect({ host, port: Number(port) });
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      return socket;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await fleet.stop();
    },
  };
}
