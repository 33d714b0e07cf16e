import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerBytes, writeHeader } from '../../src/rpc/frame.js';
import { CpuClock } from '../fuzz/cpu-clock.js';
import { assertEmpty, callOf, open, pair, settle, until } from './harness.js';

/** The largest message of the bus. */
const messageBytes = 1 << 20;
/** Milliseconds of CPU, the least of three tries: half as long as it took without a bound. */
const quickMs = 100;
const hostile = { name: 'hub', instance: 'hostile' };
const openBody = Buffer.from([0x0a, 2, 0x2f, 0x61]);

function frame(kind: number, flags: number, id: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(headerBytes + body.length);
  writeHeader(bytes, 0, kind, flags, id, 0, body.length);
  body.copy(bytes, headerBytes);
  return bytes;
}

/** As many frames as a message holds. */
function full(frameAt: (index: number) => Buffer): Buffer {
  const count = Math.floor(messageBytes / frameAt(1).length);
  return Buffer.concat(Array.from({ length: count }, (_, index) => frameAt(index + 1)));
}

const syncOfNothing = Buffer.from([0x28, 1]);
const listsHalfAMillion = frame(9, 0, 0, Buffer.alloc(messageBytes - headerBytes, Buffer.from([0x0a, 0])));

for (const { what, message, first } of [
  { what: 'a SYNC of half a million calls', message: listsHalfAMillion, first: 'met' },
  { what: 'a SYNC of half a million calls from a stranger', message: listsHalfAMillion, first: 'stranger' },
  { what: 'PINGs', message: full(() => frame(7, 0, 0, Buffer.alloc(8))), first: 'stranger' },
  { what: 'OPENs', message: full((id) => frame(1, 0x80, id, openBody)), first: 'met' },
  { what: 'SYNCs that ask for answers', message: full(() => frame(9, 0, 0, syncOfNothing)), first: 'busy' },
  { what: 'DATA of no call', message: full((id) => frame(3, 0x80, id)), first: 'met' },
] as const) {
  test(`a message full of ${what} is dealt with quickly, and answered with little`, async () => {
    const { bus, agent, hub, close } = await pair();
    bus.keep = false;
    try {
      const clock = new CpuClock();
      let best = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 3; tries++) {
        if (first !== 'stranger') agent.exchange.receive(hostile, frame(1, 0x80, 4_000_000, openBody));
        if (first === 'busy') {
          for (let id = 1; id < 5_000; id++) agent.exchange.receive(hostile, frame(1, 0x80, id, openBody));
        }
        await settle(bus);
        const before = agent.exchange.stats();
        clock.start();
        agent.exchange.receive(hostile, Buffer.from(message));
        best = Math.min(best, clock.elapsedMs());
        await settle(bus);
        const after = agent.exchange.stats();
        const answered = after.messagesOut - before.messagesOut;
        assert.ok(answered <= 2_100, `${answered} messages were answered`);
        assert.ok(
          after.framesOut - before.framesOut <= 16_384,
          `${after.framesOut - before.framesOut} frames out`,
        );
        if (what !== 'DATA of no call')
          assert.equal(after.messagesBad, before.messagesBad + 1, 'it was not counted');
        agent.exchange.forget(hostile, 'gone');
        await settle(bus);
      }
      assert.ok(best < quickMs, `it took ${best} ms`);
      const healthy = open(hub, agent);
      callOf(healthy).end();
      await until(() => healthy.end !== undefined, 'a healthy call ends');
      assertEmpty(hub, agent);
    } finally {
      close();
    }
  });
}
