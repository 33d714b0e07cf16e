import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assertEmpty, callOf, type Listener, open, pair, type Served, settle, until } from './harness.js';
import type { Member } from './memory-bus.js';

/** The bytes of a direction of a call: any two differ soon. */
function pattern(seed: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = ((from + i) * 31 + seed * 101 + ((from + i) >> 8)) & 0xff;
  return bytes;
}

/** A call as the test drives it from both ends. */
interface Driven {
  readonly seed: number;
  readonly listener: Listener;
  readonly timeoutMs: number | undefined;
  written: number;
  ended: boolean;
  cancelled: boolean;
  consumed: number;
  served: Served | undefined;
  answered: number;
  headed: boolean;
  finished: boolean;
}

type Step =
  | { type: 'open'; slow: boolean; timed: boolean }
  | { type: 'write' | 'answer'; call: number; bytes: number }
  | { type: 'end' | 'cancel' | 'consume' | 'head' | 'finish' | 'fail' | 'stop' | 'go'; call: number }
  | { type: 'lose'; messages: number }
  | { type: 'down' | 'up'; hub: boolean }
  | { type: 'settle' | 'turn' | 'forget' };

const bytes = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 30_000, max: 400_000 }));
const call = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('open' as const), slow: fc.boolean(), timed: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constantFrom('write' as const, 'answer' as const), call, bytes }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constantFrom(
        ...(['end', 'cancel', 'consume', 'head', 'head', 'finish', 'fail', 'stop', 'go'] as const),
      ),
      call,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('lose' as const), messages: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('down' as const, 'up' as const), hub: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constantFrom('settle' as const, 'turn' as const, 'turn' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const) }) },
);

const opening: Step = { type: 'open', slow: false, timed: false };

function isTrouble({ type }: Step): boolean {
  return type === 'lose' || type === 'down' || type === 'up' || type === 'forget';
}

function link(member: Member, up: boolean): void {
  member.port.connected = up;
  if (up) member.exchange.resync();
  else member.exchange.disconnected();
}

function play(one: Driven, what: Step): void {
  const { listener, served } = one;
  const sink = served?.sink;
  switch (what.type) {
    case 'write':
      if (one.ended || one.cancelled || listener.end !== undefined) break;
      callOf(listener).write(pattern(one.seed, one.written, what.bytes));
      one.written += what.bytes;
      break;
    case 'answer':
      play(one, { type: 'head', call: what.call });
      if (!one.headed || one.finished || served?.cancelled !== undefined) break;
      sink?.data(pattern(one.seed + 1, one.answered, what.bytes));
      one.answered += what.bytes;
      break;
    case 'end':
      callOf(listener).end();
      one.ended = true;
      break;
    case 'cancel':
      if (listener.end === undefined) one.cancelled = true;
      callOf(listener).cancel({ status: 1, message: 'cancel', refused: false, remote: true });
      break;
    case 'consume':
      callOf(listener).consumed(listener.consume ? 0 : listener.bytes - one.consumed);
      one.consumed = listener.bytes;
      break;
    case 'head':
      if (sink === undefined || one.headed || one.finished || served?.cancelled !== undefined) break;
      sink.head(['seed', String(one.seed)]);
      one.headed = true;
      break;
    case 'finish':
    case 'fail':
      if (sink === undefined || one.finished || served?.cancelled !== undefined) break;
      one.finished = true;
      if (what.type === 'finish') sink.trailers(['grpc-status', String(one.seed)]);
      else sink.reset({ status: 13, message: 'fail', refused: false, remote: true });
      break;
    case 'stop':
      if (served !== undefined) served.ready = false;
      break;
    case 'go':
      if (served === undefined || one.finished || served.cancelled !== undefined) break;
      served.ready = true;
      sink?.drain();
      break;
    default:
  }
}

describe('any order of what callers, servers and the bus may do', () => {
  it('ends every call once, delivers its bytes in order from the first, and leaves nothing', async (t) => {
    const { bus, hub, agent, target, close } = await pair({
      peerWindowBytes: 1 << 20,
      pendingBytes: 64 << 20,
    });
    t.after(close);
    bus.keep = false;
    const reached = { trailers: 0, lost: 0, cancelled: 0, complete: 0 };

    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 5, maxLength: 80 }), async (calm, later) => {
        const steps: Step[] = [
          opening,
          opening,
          { type: 'settle' },
          ...later.filter((one) => !calm || !isTrouble(one)),
        ];
        const driven = new Map<number, Driven>();
        let toLose = 0;
        bus.lose = () => toLose > 0 && toLose-- > 0;
        target.script = (served) => {
          const one = driven.get(Number(served.head.metadata[1]));
          assert.ok(
            one !== undefined && one.served === undefined,
            'an unknown call, or one that was opened twice',
          );
          one.served = served;
        };
        for (const what of steps) {
          if (what.type === 'open') {
            const seed = driven.size;
            const timeoutMs = what.timed ? 3 : undefined;
            const listener = open(hub, agent, { metadata: ['seed', String(seed)], timeoutMs }, !what.slow);
            driven.set(seed, {
              seed,
              listener,
              timeoutMs,
              written: 0,
              ended: false,
              cancelled: false,
              consumed: 0,
              served: undefined,
              answered: 0,
              headed: false,
              finished: false,
            });
          } else if (what.type === 'lose') toLose = what.messages;
          else if (what.type === 'down' || what.type === 'up')
            link(what.hub ? hub : agent, what.type === 'up');
          else if (what.type === 'settle') await settle(bus);
          else if (what.type === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (what.type === 'forget') hub.exchange.forget(agent.self, 'forgotten');
          else if ('call' in what) {
            const one = driven.get(what.call % driven.size);
            if (one !== undefined) play(one, what);
          }
        }

        // Peace: nothing is lost any more, and everybody ends what is open.
        toLose = 0;
        link(hub, true);
        link(agent, true);
        await settle(bus);
        const all = [...driven.values()];
        await until(() => {
          for (const one of all) {
            for (const type of ['head', 'go', 'end', 'consume', 'finish'] as const)
              play(one, { type, call: 0 });
          }
          return all.every((one) => one.cancelled || one.listener.end !== undefined);
        }, 'all calls have ended');
        await settle(bus);

        for (const one of all) {
          const { listener, served } = one;
          assert.equal(listener.ends, one.cancelled ? 0 : 1);
          const request = Buffer.concat(served?.chunks ?? []);
          assert.ok(request.length <= one.written);
          assert.ok(request.equals(pattern(one.seed, 0, request.length)), 'the request is a prefix');
          if (served?.ended) assert.equal(request.length, one.written, 'an end means that all has come');
          const response = Buffer.concat(listener.chunks);
          assert.ok(response.equals(pattern(one.seed + 1, 0, response.length)), 'the response is a prefix');
          if (one.cancelled) reached.cancelled++;
          else if (listener.end !== undefined && 'trailers' in listener.end) {
            reached.trailers++;
            if (one.answered > 0) reached.complete++;
            assert.equal(response.length, one.answered, 'trailers mean that all has come');
            assert.deepEqual(listener.heads, one.headed ? [['seed', String(one.seed)]] : []);
            assert.deepEqual(listener.status, ['grpc-status', String(one.seed)]);
          } else if (listener.failure.status === 14) {
            reached.lost++;
            if (listener.failure.refused) assert.equal(served, undefined, 'refused means never seen');
          }
          if (served !== undefined && !one.finished) assert.ok(served.cancelled, 'the server was told');
        }
        assertEmpty(hub, agent);
      }),
      { numRuns: 400 },
    );
    for (const [what, times] of Object.entries(reached))
      assert.ok(times > 20, `${what}: ${times} times only`);
  });
});
