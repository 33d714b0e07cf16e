import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, open, pair, settle, until } from './harness.js';
import { echoPieces, isKind, loseFrames } from './losses.js';

const cancelled: CallReset = { status: 1, message: 'enough', refused: false, remote: true };

describe('what was lost ends its call at both ends after a reconnect', () => {
  it('OPEN: the server never saw it', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    callOf(listener).write(Buffer.from('x'));
    await settle(bus);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    assert.equal(target.calls.length, 0);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('OPEN, and its bytes come all the same', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    await settle(bus);
    callOf(listener).write(Buffer.from('x'));
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('OPEN, but a later one has come: nothing is certain', async (t) => {
    const { bus, hub, agent, close } = await pair({}, () => {});
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    await settle(bus);
    open(hub, agent);
    await settle(bus);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.refused, false);
  });

  for (const who of ['the caller', 'the callee'] as const) {
    it(`TRAILERS, when ${who} was away`, async (t) => {
      const { bus, hub, agent, close } = await pair();
      t.after(close);
      loseFrames(bus, isKind(frameKind.trailers));
      const listener = open(hub, agent);
      callOf(listener).end();
      await settle(bus);
      assert.equal(listener.end, undefined);
      (who === 'the caller' ? hub : agent).exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  for (const [name, kind] of [
    ['HEAD', frameKind.head],
    ['DATA', frameKind.data],
  ] as const) {
    it(`${name} of the response`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, () => {});
      t.after(close);
      const listener = open(hub, agent);
      await settle(bus);
      const { sink } = target.at(0);
      if (kind === frameKind.data) sink.head([]);
      await settle(bus);
      loseFrames(bus, isKind(kind));
      if (kind === frameKind.data) sink.data(Buffer.from('lost'));
      else sink.head([]);
      await settle(bus);
      agent.exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.equal(listener.failure.status, 14);
      await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  for (const name of ['the last DATA', 'the end'] as const) {
    it(`${name} of the request`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, () => {});
      t.after(close);
      const listener = open(hub, agent);
      callOf(listener).write(Buffer.from('comes'));
      await settle(bus);
      loseFrames(bus, isKind(frameKind.data));
      if (name === 'the end') callOf(listener).end();
      else callOf(listener).write(Buffer.from('lost'));
      await settle(bus);
      hub.exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.equal(listener.failure.status, 14);
      await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  it('TRAILERS, by what the callee alone says', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.trailers));
    const listener = open(hub, agent);
    callOf(listener).end();
    await settle(bus);
    bus.lose = (message) => message.from === hub.self;
    agent.exchange.resync();
    await settle(bus);
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
  });

  it('the cancellation, by what the caller alone says', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.reset));
    callOf(listener).cancel(cancelled);
    await settle(bus);
    bus.lose = (message) => message.from === agent.self;
    hub.exchange.resync();
    await settle(bus);
    assert.equal(target.at(0).cancelled?.status, 14);
  });

  it('and not a call that is on its way', async (t) => {
    const { hub, agent, target, close } = await pair();
    t.after(close);
    // Both leave in the same turn: neither knows of the other.
    const listener = open(hub, agent);
    agent.exchange.resync();
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    assert.equal(target.calls.length, 1);
  });

  it('and only its call', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, echoPieces);
    t.after(close);
    const good = open(hub, agent);
    const bad = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.data));
    callOf(bad).write(Buffer.from('lost'));
    await settle(bus);
    agent.exchange.resync();
    await settle(bus);
    hub.exchange.resync();
    await until(() => bad.end !== undefined, 'the bad call has ended');
    assert.equal(target.at(1).cancelled?.status, 14);
    callOf(good).write(Buffer.from('fine'));
    callOf(good).end();
    await until(() => good.end !== undefined, 'the good call has ended');
    assert.equal(good.text, 'fine');
  });
});
