import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dialPort, ForwardStage, readToEnd, startTarget, type TargetServer, writeAll } from './stage.js';

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

describe('a forward of a gibibyte', { timeout: 300_000 }, () => {
  let stage: ForwardStage;
  let echo: TargetServer;

  before(async () => {
    echo = await startTarget((socket) => socket.pipe(socket));
    stage = await ForwardStage.make('127.0.0.1:1', [echo.address]);
  });
  after(async () => {
    await stage.stop();
    await echo.stop();
  });

  /** The largest resident set of the process so far, in MiB. */
  const peak = async (pid: number): Promise<number> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  };

  it('is the same at its end, and held where the reader is slow', async (t) => {
    const { port, process: forward } = await stage.listen(`:${echo.address}`);
    const pids = [forward.pid, ...stage.pids];
    const before = await Promise.all(pids.map(peak));
    const socket = await dialPort(port);
    const startedAt = performance.now();
    const sending = writeAll(socket, gibibyte);
    // Nobody reads for a while: what is on the way must stay little.
    await sleep(5_000);
    const [sent, got] = await Promise.all([sending, readToEnd(socket)]);
    assert.deepEqual(got, { bytes: gibibyte, hash: sent });
    const seconds = (performance.now() - startedAt - 5_000) / 1000;
    const grown = await Promise.all(pids.map(async (pid, i) => (await peak(pid)) - (before[i] ?? 0)));
    t.diagnostic(
      `${(gibibyte / mebibyte / seconds).toFixed(0)} MiB/s each way; grown by ${grown.map((mib) => mib.toFixed(0)).join(', ')} MiB (postern forward, hub, agent)`,
    );
    for (const mib of grown) assert.ok(mib < 128, `${mib} MiB more`);
  });
});
