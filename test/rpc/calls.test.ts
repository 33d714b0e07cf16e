import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameFlag, frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, open, pair, type Served, settle, until } from './harness.js';

describe('calls', () => {
  it('carries a unary call in one message each way', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    callOf(listener).write(Buffer.from('request'));
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    await settle(bus);

    assert.deepEqual(listener.status, ['grpc-status', '0']);
    assert.deepEqual(listener.heads, [['content-type', 'application/grpc']]);
    assert.equal(listener.text, 'request');
    const { path, authority, metadata, timeoutMs, caller } = target.at(0).head;
    assert.deepEqual(
      { path, authority, metadata, timeoutMs, caller },
      {
        path: '/test.Service/Method',
        authority: 'node.example',
        metadata: ['content-type', 'application/grpc', 'x-key', 'value'],
        timeoutMs: undefined,
        caller: 'tester',
      },
    );
    assert.equal(bus.messages.length, 2, 'one message each way');
    assert.deepEqual(bus.kinds(hub.self), ['open', 'data']);
    assert.deepEqual(bus.kinds(agent.self), ['head', 'data', 'trailers']);
    const last = bus.messages[0]?.frames[1];
    assert.equal(last?.flags, frameFlag.fromCaller | frameFlag.end, 'the data carry the end');
    assertEmpty(hub, agent);
  });

  it('puts all calls of a turn into one message', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const listeners = Array.from({ length: 50 }, () => {
      const listener = open(hub, agent);
      callOf(listener).write(Buffer.from('x'));
      callOf(listener).end();
      return listener;
    });
    await until(() => listeners.every((one) => one.end !== undefined), 'all calls have ended');
    const sent = bus.messages.filter((message) => message.from === hub.self);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.frames.length, 100);
    assert.ok(bus.messages.length <= 4, `${bus.messages.length} messages`);
  });

  it('ends the right call in messages of any size', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const sizes = Array.from({ length: 200 }, (_, i) => (i * 7919) % 5000);
    const listeners = sizes.map((size, i) => {
      const listener = open(hub, agent);
      callOf(listener).write(Buffer.alloc(size + 1, i));
      if (i % 3 > 0) callOf(listener).end();
      return listener;
    });
    await until(() => target.calls.length === 200, 'all have come');
    await settle(bus);
    for (const [i, listener] of listeners.entries()) {
      assert.equal(listener.end !== undefined, i % 3 > 0, `call ${i}`);
      if (i % 3 > 0) assert.equal(listener.bytes, (sizes[i] ?? 0) + 1);
      else callOf(listener).end();
    }
    await until(() => listeners.every((one) => one.end !== undefined), 'all have ended');
    assert.ok(bus.messages.length > 2, 'a message has a largest size');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('asks for a hint only where a call is opened', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(
      bus.messages.filter((message) => message.from === hub.self).map((message) => message.ticket > 0),
      [true, false],
    );
  });

  it('streams from the client, with a half-close of its own', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    for (const part of ['a', 'b', 'c']) {
      callOf(listener).write(Buffer.from(part));
      await settle(bus);
    }
    assert.equal(target.at(0).text, 'abc');
    assert.equal(target.at(0).ended, false);
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.text, 'abc');
    const end = bus.messages.at(-2)?.frames[0];
    assert.deepEqual([end?.kind, end?.offset, end?.body.length], [frameKind.data, 3, 0]);
    assertEmpty(hub, agent);
  });

  it('streams from the server after the half-close', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    callOf(listener).end();
    await until(() => target.calls[0]?.ended === true, 'the request has ended');
    const { sink } = target.at(0);
    sink.head(['a', '1']);
    await settle(bus);
    assert.deepEqual(listener.heads, [['a', '1']], 'the head comes before any data');
    for (let i = 0; i < 5; i++) {
      sink.data(Buffer.from(String(i)));
      await settle(bus);
    }
    assert.equal(listener.text, '01234');
    sink.trailers(['grpc-status', '5', 'grpc-status-details-bin', 'AAE']);
    await settle(bus);
    assert.deepEqual(listener.status, ['grpc-status', '5', 'grpc-status-details-bin', 'AAE']);
    assertEmpty(hub, agent);
  });

  it('streams both ways at once', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served: Served) => {
      served.sink.head([]);
      for (const chunk of served.chunks) served.sink.data(chunk);
      served.onWrite = (chunk) => served.sink.data(Buffer.from(chunk));
      const finish = (): void => served.sink.trailers(['grpc-status', '0']);
      if (served.ended) finish();
      else served.onEnd = finish;
    });
    t.after(close);
    const listener = open(hub, agent);
    let expected = '';
    for (let i = 0; i < 20; i++) {
      callOf(listener).write(Buffer.from(`${i};`));
      expected += `${i};`;
      await until(() => listener.text === expected, `echo of ${i}`);
    }
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    await settle(bus);
    assert.equal(target.at(0).text, expected);
    assertEmpty(hub, agent);
  });

  it('passes a trailers-only response, and trailers before the client has ended', async (t) => {
    const { bus, hub, agent, close } = await pair({}, (served) =>
      served.sink.trailers(['grpc-status', '12']),
    );
    t.after(close);
    const listener = open(hub, agent);
    callOf(listener).write(Buffer.alloc(100));
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.heads, []);
    assert.deepEqual(listener.status, ['grpc-status', '12']);
    assert.equal(callOf(listener).write(Buffer.alloc(1)), true, 'a call that is over takes everything');
    callOf(listener).end();
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('keeps metadata as they are: order, doubles, bytes beyond ASCII, 16 KiB of details', async (t) => {
    const details = 'A'.repeat(16_384);
    const { hub, agent, target, close } = await pair({}, (served) => {
      served.sink.head(['set-cookie', 'a', 'x', '', 'set-cookie', 'b']);
      served.sink.trailers(['grpc-status', '2', 'grpc-status-details-bin', details]);
    });
    t.after(close);
    const metadata = ['k', 'AAE, AAI', 'k', 'caf\u00e9\u00ff', 'z-bin', '', 'k', '3'];
    const listener = open(hub, agent, { metadata, path: '/p.S/M', authority: '', caller: 'Zoë' });
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(target.at(0).head.metadata, metadata);
    assert.equal(target.at(0).head.caller, 'Zoë');
    assert.deepEqual(listener.heads, [['set-cookie', 'a', 'x', '', 'set-cookie', 'b']]);
    assert.deepEqual(listener.status, ['grpc-status', '2', 'grpc-status-details-bin', details]);
  });

  it('lets an agent call a hub on the same pair, with ids of its own', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    hub.exchange.serve(target);
    const there = open(hub, agent);
    const back = open(agent, hub);
    callOf(there).write(Buffer.from('there'));
    callOf(back).write(Buffer.from('back'));
    callOf(there).end();
    callOf(back).end();
    await until(() => there.end !== undefined && back.end !== undefined, 'both have ended');
    await settle(bus);
    assert.deepEqual([there.text, back.text], ['there', 'back']);
    assertEmpty(hub, agent);
  });

  it('sends 3 MiB over a bus with small messages', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    bus.maxMessageBytes = 16 << 10;
    bus.keep = false;
    const bytes = Buffer.alloc(3 << 20);
    for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(i, i);
    const listener = open(hub, agent);
    for (let at = 0; at < bytes.length; at += 300_000)
      callOf(listener).write(bytes.subarray(at, at + 300_000));
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.ok(bytes.equals(Buffer.concat(listener.chunks)));
    assertEmpty(hub, agent);
  });
});
