import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Act, Asked, Injector } from '../../../src/agent/faults/injection.js';
import { Injectors } from '../../../src/agent/faults/injectors.js';
import { type FaultKind, type FaultShape, plainShape } from '../../../src/fault-kinds.js';

/** A way of a name, which refuses some kinds, and what was done by all of them. */
function ways({
  relays = true,
  refusing = {},
}: {
  relays?: boolean;
  refusing?: Record<string, FaultKind[]>;
} = {}) {
  const done: string[] = [];
  const way = (by: string): Injector => ({
    ability: async ({ kind }: Act) =>
      refusing[by]?.includes(kind) ? { code: 'UNSUPPORTED', message: `${by} does no ${kind}` } : { by },
    prepare: async () => () => {},
    proving: async () => ({ canaries: [], expects: { sees: 'nothing' } }),
    inject: async ({ shape: { scope }, name }: Asked) => {
      if (refusing[`${by} late`] !== undefined) throw new Error(`${by} failed`);
      done.push(`${by} ${scope} ${name}`);
      return {
        by,
        atMs: 1,
        heal: async () => {
          done.push(`${by} healed`);
          return {
            atMs: by === 'gate' ? 2 : 3,
            ...(by === 'gate' && { code: 'FAULT_DIFFERED', message: 'odd' }),
          };
        },
        dropped: async () => 2,
      };
    },
  });
  const injectors = new Injectors({
    kernel: way('kernel'),
    relays: relays ? way('relay') : undefined,
    gate: way('gate'),
    processes: way('process'),
  });
  return { injectors, done };
}

function act(kind: FaultKind, shape: Partial<FaultShape> = {}): Act {
  return { kind, shape: { ...plainShape(kind), ...shape } };
}

test('relays come first between daemons, the kernel first elsewhere, and a way that was asked for is taken', async () => {
  const { injectors } = ways();
  const by = async (asked: Act) => {
    const ability = await injectors.ability(asked);
    return 'by' in ability ? ability.by : ability.message;
  };
  assert.equal(await by(act('partition')), 'relay');
  assert.equal(await by(act('partition', { way: 'kernel' })), 'kernel');
  assert.equal(await by(act('partition', { scope: 'hub' })), 'kernel');
  assert.equal(await by(act('partition', { scope: 'hub', way: 'userspace' })), 'gate');
  assert.equal(await by(act('loss', { scope: 'host' })), 'kernel');
  assert.equal(await by(act('loss', { scope: 'host', way: 'userspace' })), 'userspace');
  assert.equal(await by(act('interface')), 'kernel');
  assert.match(await by(act('interface', { way: 'userspace' })), /by the kernel alone/);
  assert.equal(await by(act('pause')), 'process');
});

test('what the first way refuses the next one does, and where all refuse each says why', async () => {
  const some = ways({ refusing: { relay: ['loss'], kernel: ['stall'] } });
  assert.deepEqual(await some.injectors.ability(act('loss')), { by: 'kernel' });
  assert.deepEqual(await some.injectors.ability(act('stall', { scope: 'hub' })), { by: 'gate' });
  const none = ways({ relays: false, refusing: { kernel: ['stall'] } });
  const refusal = await none.injectors.ability(act('stall'));
  assert.ok('message' in refusal);
  assert.equal(refusal.code, 'UNSUPPORTED');
  assert.match(refusal.message, /^by the kernel: kernel does no stall; by relays: .*--daemon-relay/);
  await assert.rejects(
    none.injectors.inject({ ...act('stall'), name: 'r.f', endsAtMs: 1 }),
    /by the kernel: kernel does no stall/,
  );
});

test('without the kernel a whole machine is disturbed by relays and gate together, or by none of them', async () => {
  const { injectors, done } = ways();
  const asked = { ...act('loss', { scope: 'host', way: 'userspace' }), name: 'r.f', endsAtMs: 1 };
  const injection = await injectors.inject(asked);
  assert.equal(await injection.dropped?.(), 4);
  const { atMs, ...healed } = await injection.heal();
  assert.ok(atMs >= 3);
  assert.deepEqual(healed, { code: 'FAULT_DIFFERED', message: 'odd' });
  assert.deepEqual(done, ['relay daemon r.f.daemon', 'gate hub r.f.hub', 'relay healed', 'gate healed']);
  const half = ways({ refusing: { 'gate late': [] } });
  await assert.rejects(half.injectors.inject(asked), /gate failed/);
  assert.deepEqual(half.done, ['relay daemon r.f.daemon', 'relay healed']);
});

test('whoever asks much is looked into by and by, and what acts waits for none of it', async () => {
  let [looking, most] = [0, 0];
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { injectors, done } = ways();
  const slow: Injector = {
    ...injectors,
    async ability() {
      looking += 1;
      most = Math.max(most, looking);
      await answered;
      looking -= 1;
      return { by: 'slow' };
    },
    prepare: async () => () => {},
    proving: async () => ({ canaries: [], expects: { sees: 'nothing' } }),
    inject: (asked) => injectors.inject(asked),
  };
  const busy = new Injectors({ kernel: slow, relays: undefined, gate: slow, processes: slow });
  const asked = Array.from({ length: 3_000 }, () => busy.ability(act('link')));
  const settled = Promise.allSettled(asked);
  await busy.inject({ ...act('pause'), name: 'f', endsAtMs: 0 });
  assert.deepEqual([done.length, most], [1, 4]);
  answer();
  const told = await settled;
  assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 2_004);
  const refused = told.find(({ status }) => status === 'rejected');
  assert.equal(refused?.status === 'rejected' && refused.reason.code, 'TOO_MANY_QUESTIONS');
  assert.deepEqual(await busy.ability(act('link')), { by: 'slow' });
});
