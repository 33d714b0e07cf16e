import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, open, pair, settle, until } from './harness.js';
import { echoPieces, isKind } from './losses.js';

describe('calls go on after a reconnect', () => {
  it('where nothing was lost', async (t) => {
    const { bus, hub, agent, close } = await pair({}, echoPieces);
    t.after(close);
    const listeners = [open(hub, agent), open(hub, agent)];
    await settle(bus);
    for (const [i, listener] of listeners.entries()) callOf(listener).write(Buffer.from(`before ${i}, `));
    await settle(bus);
    for (const member of [hub, agent]) {
      member.exchange.disconnected();
      member.exchange.resync();
      await settle(bus);
    }
    for (const [i, listener] of listeners.entries()) {
      callOf(listener).write(Buffer.from('after'));
      callOf(listener).end();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.deepEqual(listener.status, ['grpc-status', '0']);
      assert.equal(listener.text, `before ${i}, after`);
    }
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('with what was written meanwhile', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    hub.exchange.disconnected();
    assert.equal(callOf(listener).write(Buffer.from('held')), false, 'the writer is told to stop');
    callOf(listener).end();
    await settle(bus);
    assert.equal(target.at(0).text, '');
    hub.port.connected = true;
    hub.exchange.resync();
    await until(() => target.at(0).ended, 'the request has ended');
    assert.equal(target.at(0).text, 'held');

    agent.port.connected = false;
    agent.exchange.disconnected();
    target.at(0).sink.data(Buffer.from('also held'));
    target.at(0).sink.trailers(['grpc-status', '0']);
    await settle(bus);
    assert.equal(listener.end, undefined);
    agent.port.connected = true;
    agent.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.text, 'also held');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('with ends that wait for no credit', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listeners = [open(hub, agent), open(hub, agent), open(hub, agent)];
    await settle(bus);
    agent.port.connected = false;
    agent.exchange.disconnected();
    target.at(0).sink.trailers(['grpc-status', '0']);
    target.at(1).sink.head(['a', 'b']);
    await settle(bus);
    agent.port.connected = true;
    agent.exchange.resync();
    await settle(bus);
    assert.deepEqual(listeners[0]?.status, ['grpc-status', '0']);
    assert.deepEqual(listeners[1]?.heads, [['a', 'b']]);
    hub.port.connected = false;
    hub.exchange.disconnected();
    callOf(listeners[2] ?? open(hub, agent)).end();
    await settle(bus);
    hub.port.connected = true;
    hub.exchange.resync();
    await settle(bus);
    assert.equal(target.at(2).ended, true);
  });

  it('also where the port knew before its owner, and nobody called', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    callOf(listener).write(Buffer.from('held'));
    await settle(bus);
    hub.port.connected = true;
    await until(() => target.at(0).text === 'held', 'the bytes have come');
  });

  it('in any number that may be open', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    bus.maxMessageBytes = 16 << 10;
    const listeners = Array.from({ length: 400 }, () => open(hub, agent));
    await settle(bus);
    const alive = listeners.filter((listener) => listener.end === undefined);
    assert.equal(alive.length, 306, 'as many as one SYNC can tell of');
    bus.clear();
    hub.exchange.resync();
    agent.exchange.resync();
    await settle(bus);
    assert.equal(alive.filter((listener) => listener.end !== undefined).length, 0);
    assert.equal(target.calls.filter((served) => served.cancelled !== undefined).length, 0);
    const syncs = bus.messages.flatMap((message) => message.frames).filter(isKind(frameKind.sync));
    assert.equal(syncs.length, 4);
  });
});

describe('without a link', () => {
  it('refuses new calls at once', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    hub.exchange.disconnected();
    const listener = open(hub, agent);
    await settle(bus);
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    hub.exchange.resync();
    const next = open(hub, agent);
    callOf(next).end();
    await until(() => next.end !== undefined, 'the call has ended');
    assert.deepEqual(next.status, ['grpc-status', '0']);
  });

  it('gives open calls up after a while, and the other end hears of it later', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ disconnectedMs: 80 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    hub.exchange.disconnected();
    const begun = performance.now();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.ok(performance.now() - begun >= 60);
    assert.equal(listener.failure.status, 14);
    assert.equal(listener.failure.refused, false);
    hub.port.connected = true;
    hub.exchange.resync();
    await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
    assertEmpty(hub, agent);
  });

  it('does not take the silence for that of the callee', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptTimeoutMs: 1_000, acceptAfterMs: 1e6 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.exchange.disconnected();
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    assert.equal(listener.end, undefined);
    bus.lose = (message) => message.from === agent.self;
    const begun = performance.now();
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the callee was silent with the link up');
    assert.ok(performance.now() - begun >= 980, 'the time counts from the reconnect');
  });

  it('believes a SYNC that knows the call', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptTimeoutMs: 1_000, acceptAfterMs: 1e6 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.exchange.resync();
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    assert.equal(listener.end, undefined);
  });
});
