import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placed } from '../../src/rpc/call.js';
import { open, pair, type Served, until } from './harness.js';

const ok = ['grpc-status', '0'];

/** Plays one call after the other, and gives what the caller of each was told of where its time went. */
async function timesOf(...scripts: ((served: Served) => void)[]): Promise<Placed[]> {
  const { hub, agent, target, close } = await pair();
  const told: Placed[] = [];
  for (const script of scripts) {
    target.script = script;
    const placed: Placed = { instance: undefined, calleeMs: undefined, serverMs: undefined };
    const listener = open(hub, agent, { placed });
    await until(() => listener.end !== undefined, 'the call is over');
    told.push(placed);
  }
  close();
  return told;
}

const withServer =
  (serverMs: number) =>
  ({ head, sink }: Served): void => {
    assert.ok(head.timed !== undefined);
    head.timed.serverMs = serverMs;
    sink.trailers(ok);
  };

describe('the times of a call', () => {
  it('are told by the callee with the trailers: how long it had the call, and its server', async () => {
    const [told] = await timesOf(async (served) => {
      await sleep(30);
      withServer(12.345)(served);
    });
    assert.equal(told?.serverMs, 12.345);
    // a timer may fire a little early by this clock
    assert.ok((told?.calleeMs ?? 0) >= 28, `${told?.calleeMs} ms`);
  });

  it('are unknown where the call was reset, and where the callee does not say', async () => {
    const reset = { status: 14, message: 'gone', refused: false, remote: true };
    const [quick, failed, after] = await timesOf(
      withServer(5),
      ({ sink }) => sink.reset(reset),
      ({ sink }) => sink.trailers(ok),
    );
    assert.equal(quick?.serverMs, 5);
    assert.deepEqual(failed, { instance: undefined, calleeMs: undefined, serverMs: undefined });
    assert.ok(after?.calleeMs !== undefined);
    assert.equal(after.serverMs, undefined);
  });
});
