import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExchangeState } from '../../src/rpc/exchange-state.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { Peer } from '../../src/rpc/peer.js';
import { anyHead, assertEmpty, callOf, echo, Listener, open, pair, settle, turn } from './harness.js';
import { log } from './memory-bus.js';

const calls = 10_000;
const batch = 250;

describe('ten thousand calls', () => {
  it('that end in every way leave nothing', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => {
      const way = Number(served.head.metadata[1]) % 5;
      if (way === 1) served.sink.reset({ status: 13, message: '', refused: false, remote: true });
      else if (way < 3) echo(served);
    });
    t.after(close);
    bus.keep = false;
    let ended = 0;
    for (let first = 0; first < calls; first += batch) {
      const listeners: Listener[] = [];
      for (let i = first; i < first + batch; i++) {
        const way = i % 5;
        const listener = open(hub, agent, {
          metadata: ['way', String(i)],
          timeoutMs: way === 4 ? 1 : way === 2 ? 60_000 : undefined,
        });
        listeners.push(listener);
        callOf(listener).write(Buffer.alloc(100));
        if (way !== 3) callOf(listener).end();
        else if (i % 2 === 0)
          callOf(listener).cancel({ status: 1, message: '', refused: false, remote: true });
      }
      await settle(bus);
      for (const [i, listener] of listeners.entries()) {
        if ((first + i) % 5 === 3)
          callOf(listener).cancel({ status: 1, message: '', refused: false, remote: true });
      }
      while (listeners.some((listener, i) => (first + i) % 5 === 4 && listener.end === undefined))
        await turn();
      ended += listeners.filter((listener) => listener.end !== undefined).length;
      target.calls.length = 0;
    }
    await settle(bus);
    assert.equal(ended, (calls / 5) * 4, 'all but the cancelled ones have ended');
    assertEmpty(hub, agent);
    const { peers, framesBad, messagesBad, framesDropped } = hub.exchange.stats();
    assert.deepEqual(
      { peers, framesBad, messagesBad, framesDropped },
      {
        peers: 1,
        framesBad: 0,
        messagesBad: 0,
        framesDropped: 0,
      },
    );
    const used = agent.exchange.stats();
    assert.equal(used.framesBad, 0);
  });

  it('go on when the ids start again', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, echo);
    t.after(close);
    const far = bus.join('hub', 'h2', {}, 0xffff_fff0);
    t.after(() => far.exchange.close());
    target.script = () => {};
    const old = Array.from({ length: 4 }, () => open(far, agent));
    await settle(bus);
    target.script = echo;
    for (let i = 0; i < 40; i++) {
      const listener = open(far, agent);
      callOf(listener).end();
      await settle(bus);
      assert.deepEqual(listener.status, ['grpc-status', '0'], `call ${i}`);
    }
    far.exchange.resync();
    await settle(bus);
    assert.equal(old.filter((listener) => listener.end !== undefined).length, 0);
    assertEmpty(hub);
  });

  it('do not take an id that is in use', () => {
    const port = { maxMessageBytes: 1 << 20, connected: true, send: () => {} };
    const state = new ExchangeState({
      limits: defaultLimits,
      log,
      port: () => port,
      firstCallId: 0xffff_ffff,
    });
    const peer = new Peer({ name: 'node', instance: '1-a' }, state);
    const next = (): number => {
      peer.open(anyHead, new Listener());
      return [...peer.made.keys()].at(-1) ?? 0;
    };
    assert.deepEqual([next(), next()], [0xffff_ffff, 1], '0 is no id');
    const first = peer.made.get(1);
    assert.ok(first !== undefined);
    peer.made.set(2, first);
    peer.made.set(3, first);
    assert.equal(next(), 4);
    state.close();
  });
});
