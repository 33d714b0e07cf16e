import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { frameKind } from '../../src/rpc/frame.js';
import {
  assertEmpty,
  callOf,
  kindName,
  MemoryBus,
  open,
  pair,
  settle,
  TestTarget,
  turn,
  until,
} from './harness.js';

const cancelled: CallReset = { status: 1, message: 'changed my mind', refused: false, remote: true };

describe('deadlines', () => {
  it('ends the call at both ends, each by its own timer', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 60 });
    await settle(bus);
    assert.equal(target.at(0).head.timeoutMs, 60);
    // What the caller says when its time is over does not arrive.
    bus.lose = () => true;
    const begun = performance.now();
    await until(() => listener.end !== undefined, 'the caller has given up');
    assert.ok(performance.now() - begun < 2000);
    assert.equal(listener.failure.status, 4);
    assert.equal(listener.failure.refused, false);
    await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
    assert.equal(target.at(0).cancelled?.status, 4);
    assertEmpty(hub, agent);
  });

  it('tells the callee at once where only the caller holds the time', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 40 });
    await until(() => listener.end !== undefined, 'the caller has given up');
    await settle(bus);
    assert.equal(target.at(0).cancelled?.status, 4);
    assertEmpty(hub, agent);
  });

  it('passes a remaining time of a fraction on as one millisecond, and a very long one as it is', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const long = open(hub, agent, { timeoutMs: 2 ** 31 + 5000 });
    await settle(bus);
    assert.equal(target.at(0).head.timeoutMs, 2 ** 31 + 5000);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 4));
    assert.equal(long.end, undefined, 'it did not fire at once');
    open(hub, agent, { timeoutMs: 0.2 });
    await until(() => target.calls.length === 2, 'the second call has come');
    assert.equal(target.at(1).head.timeoutMs, 1);
  });

  it('lets a call that ended in time be', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 30 });
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(listener.ends, 1);
    assert.equal(target.at(0).cancelled, undefined);
    await settle(bus);
    assertEmpty(hub, agent);
  });
});

describe('cancellation', () => {
  it('reaches the server in the same turn', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    bus.clear();
    callOf(listener).cancel(cancelled);
    await turn();
    assert.deepEqual(bus.kinds(hub.self), ['reset'], 'the frame has left');
    await settle(bus);
    assert.deepEqual(target.at(0).cancelled, cancelled);
    assert.equal(listener.end, undefined, 'the sink hears no more');
    assertEmpty(hub, agent);
  });

  it('reaches the client', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    target.at(0).sink.head([]);
    target.at(0).sink.reset({ status: 13, message: 'crashed: 100 %', refused: false, remote: true });
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.failure, {
      status: 13,
      message: 'crashed: 100 %',
      refused: false,
      remote: true,
    });
    assert.equal(target.at(0).cancelled, undefined, 'the target that ended it is not told');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('may come before the call has left', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    callOf(listener).cancel(cancelled);
    await settle(bus);
    assert.equal(listener.end, undefined);
    assertEmpty(hub, agent);
    const refused = open(hub, { name: 'node', instance: 'gone' });
    hub.exchange.disconnected();
    const never = open(hub, agent);
    callOf(never).cancel(cancelled);
    await settle(bus);
    assert.equal(never.end, undefined, 'a refusal that was cancelled is not told');
    callOf(refused).cancel(cancelled);
  });

  it('keeps a status within 1 to 16 and a text within bounds', async (t) => {
    const { hub, agent, target, close } = await pair({}, (served) =>
      served.sink.reset({ status: 99, message: 'x'.repeat(100_000), refused: false, remote: true }),
    );
    t.after(close);
    const listener = open(hub, agent);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(target.calls.length, 1);
    assert.equal(listener.failure.status, 2);
    assert.equal(listener.failure.message.length, 2048);
  });
});

describe('callees that say nothing', () => {
  it('say ACCEPT after a while, once', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptAfterMs: 40 }, () => {});
    t.after(close);
    open(hub, agent);
    await until(() => bus.kinds(agent.self).includes('accept'), 'ACCEPT was sent');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(bus.kinds(agent.self), ['accept']);
  });

  it('do not say it when they have said something', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptAfterMs: 40 }, (served) => served.sink.head([]));
    t.after(close);
    open(hub, agent);
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.deepEqual(bus.kinds(agent.self), ['head']);
  });

  it('are given up when not even that comes', async (t) => {
    const { bus, hub, agent, target, close } = await pair(
      { acceptTimeoutMs: 100, acceptAfterMs: 40 },
      () => {},
    );
    t.after(close);
    const accepted = open(hub, agent);
    await until(() => bus.kinds(agent.self).includes('accept'), 'ACCEPT was sent');
    bus.lose = (message) => message.from === agent.self;
    const begun = performance.now();
    const unheard = open(hub, agent);
    await until(() => unheard.end !== undefined, 'the call has ended');
    assert.ok(performance.now() - begun >= 100);
    assert.equal(unheard.failure.status, 14);
    assert.equal(unheard.failure.refused, false, 'the server may have seen it');
    await until(() => target.at(1).cancelled !== undefined, 'the callee was told');
    assert.equal(accepted.end, undefined);
  });
});

describe('processes that are not there', () => {
  it('refuse at once where the bus tells', async (t) => {
    const { bus, hub, close } = await pair();
    t.after(close);
    const listener = open(hub, { name: 'nobody', instance: '1-x' });
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.status, 14);
    assert.equal(listener.failure.refused, true);
    await settle(bus);
    assertEmpty(hub);
  });

  it('leave calls alone that had arrived, answered or not', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const heard = open(hub, agent);
    await settle(bus);
    target.script = () => {};
    const unheard = open(hub, agent);
    await settle(bus);
    assert.equal(target.calls.length, 2, 'both have reached the server');
    agent.port.connected = false;
    const missed = open(hub, agent);
    await settle(bus);
    assert.equal(missed.failure.refused, true);
    assert.equal(target.calls.length, 2);
    assert.equal(heard.end, undefined);
    assert.equal(unheard.end, undefined, 'a second attempt would run it twice');
    agent.port.connected = true;
    agent.exchange.resync();
    target.at(1).sink.trailers(['grpc-status', '0']);
    await settle(bus);
    assert.deepEqual(unheard.status, ['grpc-status', '0']);
  });

  it('have never served what they did not answer before they said bye', async (t) => {
    const { bus, hub, agent, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const heard = open(hub, agent);
    await settle(bus);
    bus.lose = () => true;
    const unheard = open(hub, agent);
    await settle(bus);
    hub.exchange.forget(agent.self, 'it said bye', true);
    assert.deepEqual([heard.failure.status, heard.failure.refused], [14, false]);
    assert.deepEqual([unheard.failure.status, unheard.failure.refused], [14, true]);
    assertEmpty(hub);
  });

  it('lose all calls when they are forgotten', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listeners = [open(hub, agent), open(hub, agent)];
    await settle(bus);
    assert.equal(hub.exchange.callsOpen(), 2);
    assert.equal(hub.exchange.callsOpen(agent.self), 2);
    hub.exchange.forget(agent.self, 'node was lost');
    for (const listener of listeners) {
      assert.deepEqual(listener.failure, {
        status: 14,
        message: 'node was lost',
        refused: false,
        remote: false,
      });
    }
    assert.equal(hub.exchange.stats().peers, 0);
    await settle(bus);
    assert.equal(target.at(0).cancelled?.message, 'node was lost');
    assertEmpty(hub, agent);
    // and may come again
    target.script = (served) => served.sink.trailers([]);
    const again = open(hub, agent);
    await until(() => again.end !== undefined, 'the call has ended');
    assert.deepEqual(again.status, []);
  });
});

describe('pings', () => {
  it('measure the round trip and are heard', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const heard: string[] = [];
    agent.exchange.onPing = (from) => heard.push(`${from.name}.${from.instance}`);
    const milliseconds = await hub.exchange.ping(agent.self, 1000);
    assert.ok(milliseconds > 0 && milliseconds < 1000, String(milliseconds));
    assert.deepEqual(heard, ['hub.h1']);
    assert.deepEqual(
      bus.messages.map((message) => message.frames.map((frame) => kindName(frame.kind))),
      [['ping'], ['pong']],
    );
    assert.ok((bus.messages[0]?.ticket ?? 0) > 0, 'the bus was asked whether anybody listens');
  });

  it('fail at once when nobody listens, in time when nobody answers, and by another than was asked', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const begun = performance.now();
    await assert.rejects(hub.exchange.ping({ name: 'nobody', instance: '1-x' }, 30_000), {
      code: 'NO_RESPONDERS',
    });
    assert.ok(performance.now() - begun < 5000);
    bus.lose = () => true;
    await assert.rejects(hub.exchange.ping(agent.self, 30), { code: 'NO_ANSWER' });
    const asked = hub.exchange.ping(agent.self, 50);
    const ping = bus.messages.at(-1)?.frames[0];
    assert.ok(ping !== undefined);
    const forged = Buffer.alloc(28);
    forged[0] = frameKind.pong;
    forged.writeUInt32BE(8, 16);
    ping.body.copy(forged, 20);
    hub.exchange.receive({ name: 'other', instance: '1-a' }, forged);
    await assert.rejects(asked, { code: 'NO_ANSWER' });
  });

  it('fail at once without a link, and when the exchange is closed', async () => {
    const { hub, agent, close } = await pair();
    agent.exchange.close();
    const waiting = assert.rejects(hub.exchange.ping(agent.self, 30_000), { code: 'NO_ANSWER' });
    hub.exchange.disconnected();
    await assert.rejects(hub.exchange.ping(agent.self, 30_000), { code: 'NO_ANSWER' });
    close();
    await waiting;
  });

  it('keep nothing of those who ping', async (t) => {
    const bus = new MemoryBus();
    const hub = bus.join('hub', 'h1');
    const agents = Array.from({ length: 50 }, (_, i) => bus.join(`node-${i}`, '1-a'));
    t.after(() => {
      for (const member of [hub, ...agents]) member.exchange.close();
    });
    await Promise.all(agents.map((agent) => hub.exchange.ping(agent.self, 1000)));
    await Promise.all(agents.map((agent) => agent.exchange.ping(hub.self, 1000)));
    assert.equal(hub.exchange.stats().peers, 0);
  });
});

describe('the end of an exchange', () => {
  it('drains: what is open may finish, nothing new begins', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    let drained = false;
    const draining = agent.exchange.drain(10_000).then(() => {
      drained = true;
    });
    const late = open(hub, agent);
    const own = open(agent, hub);
    await until(() => late.end !== undefined && own.end !== undefined, 'late calls have ended');
    assert.deepEqual([late.failure.status, late.failure.refused], [14, true]);
    assert.deepEqual([own.failure.status, own.failure.refused], [14, true]);
    assert.equal(drained, false);
    target.at(0).sink.trailers(['grpc-status', '0']);
    await draining;
    await settle(bus);
    assert.deepEqual(listener.status, ['grpc-status', '0']);
  });

  it('ends what is left after the grace', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    await agent.exchange.drain(30);
    assert.equal(target.at(0).cancelled?.status, 14);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.status, 14);
    assertEmpty(agent);
    await settle(bus);
  });

  it('closes: all calls end at both ends, and nothing works any more', async () => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    const listener = open(hub, agent);
    await settle(bus);
    hub.exchange.close();
    assert.equal(listener.failure.status, 14);
    const late = open(hub, agent);
    await settle(bus);
    assert.equal(late.failure.refused, true);
    assert.equal(target.at(0).cancelled?.status, 14);
    assertEmpty(hub, agent);
    close();
  });

  it('frees what it knows of a peer that is quiet', async (t) => {
    const { hub, agent, close } = await pair({ idleMs: 60 });
    t.after(close);
    assert.equal(hub.exchange.stats().peers, 1);
    await until(() => hub.exchange.stats().peers === 0, 'the hub has forgotten the agent');
    await until(() => agent.exchange.stats().peers === 0, 'the agent has forgotten the hub');
    const listener = open(hub, agent);
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
  });

  it('serves an agent without a target for nobody', async (t) => {
    const bus = new MemoryBus();
    const hub = bus.join('hub', 'h1');
    const agent = bus.join('node', '1-a');
    t.after(() => {
      hub.exchange.close();
      agent.exchange.close();
    });
    const listener = open(hub, agent);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    assert.equal(agent.exchange.stats().peers, 0);
    agent.exchange.serve(new TestTarget((served) => served.sink.trailers([])));
    const other = open(hub, agent);
    await until(() => other.end !== undefined, 'the call has ended');
    assert.deepEqual(other.status, []);
  });
});
