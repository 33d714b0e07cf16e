import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReceiveWindow, SendWindow } from '../../src/rpc/credit.js';
import { frameKind } from '../../src/rpc/frame.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { callOf, open, pair, settle } from './harness.js';

const { callWindowBytes: first, mostCallWindowBytes: most, peerWindowBytes } = defaultLimits;

describe('a window that grows', () => {
  it('is known to the sender by its grants, whatever was sent and read between them', () => {
    const step = fc.integer({ min: 0, max: first });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        (sends, reads) => {
          const sender = new SendWindow(first);
          const receiver = new ReceiveWindow(first);
          for (let i = 0; i < sends.length; i += 1) {
            const bytes = Math.min(sends[i] ?? 0, sender.room);
            sender.sent += bytes;
            assert.ok(receiver.accepts(bytes));
            receiver.received += bytes;
            receiver.consumed += Math.min(reads[i % reads.length] ?? 0, receiver.held);
            if (receiver.due < receiver.size / 2) continue;
            if (receiver.size < most) receiver.size *= 2;
            sender.raise(receiver.grant());
            assert.equal(sender.size, receiver.size);
            assert.equal(sender.outstanding, receiver.held);
          }
        },
      ),
    );
  });

  it('grows while it is read, up to its bound, and lets no more than that be on the way', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    for (let i = 0; i < 128; i += 1) {
      callOf(listener).write(Buffer.alloc(64 << 10));
      await settle(bus);
    }
    const served = target.at(0);
    served.ready = false;
    const read = served.bytes;
    while (callOf(listener).write(Buffer.alloc(64 << 10))) await settle(bus);
    await settle(bus);
    const onTheWay = hub.exchange.stats().bytesBuffered + agent.exchange.stats().bytesBuffered;
    assert.ok(read >= 8 << 20, `${read} bytes were read`);
    assert.ok(onTheWay > most / 2 && onTheWay <= most + (128 << 10), `${onTheWay} bytes are on the way`);
  });

  it('does not grow while much of the peer’s window is held', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => {
      served.ready = served.head.metadata.includes('reads');
    });
    t.after(close);
    // More than half of the peer's window, though the first bytes of each call count for nothing.
    const stalled = peerWindowBytes / 2 / first + 8;
    for (let i = 0; i < stalled; i += 1) {
      const listener = open(hub, agent, { metadata: ['kind', 'stalls'] }, false);
      await settle(bus);
      callOf(listener).write(Buffer.alloc(first));
      await settle(bus);
    }
    const listener = open(hub, agent, { metadata: ['kind', 'reads'] }, false);
    for (let i = 0; i < 64; i += 1) {
      callOf(listener).write(Buffer.alloc(32 << 10));
      await settle(bus);
    }
    const { bytes } = target.at(stalled);
    assert.ok(bytes >= 2 << 20, `${bytes} bytes were read`);
    const granted = bus.messages
      .filter((message) => message.from === agent.self)
      .flatMap((message) => message.frames)
      .filter((frame) => frame.kind === frameKind.credit && frame.id !== 0)
      .map((frame) => frame.offset);
    assert.ok(Math.max(...granted) <= bytes + first, `${Math.max(...granted)} bytes were granted`);
  });
});
