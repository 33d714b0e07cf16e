import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, open, pair, settle, TestTarget, until } from './harness.js';
import { kindName, MemoryBus } from './memory-bus.js';

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
    const milliseconds = await hub.exchange.ping(agent.self, 10_000);
    assert.ok(milliseconds > 0 && milliseconds < 10_000, String(milliseconds));
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
    await Promise.all(agents.map((agent) => hub.exchange.ping(agent.self, 10_000)));
    await Promise.all(agents.map((agent) => agent.exchange.ping(hub.self, 10_000)));
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
    const { hub, agent, close } = await pair({ idleMs: 1_000 });
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
