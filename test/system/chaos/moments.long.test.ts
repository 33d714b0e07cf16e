import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/processes.js';
import { Arena } from './arena.js';
import { bounds, recovery, slack } from './bounds.js';
import { methods, type OpenCall } from './caller.js';
import { assertEnded, assertWorks } from './checks.js';
import { randomFrom } from './random.js';

/** POSTERN_CHAOS_SEED repeats a run, POSTERN_CHAOS_ROUNDS makes it longer. */
const seed = Number(process.env.POSTERN_CHAOS_SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.POSTERN_CHAOS_ROUNDS ?? 24);
/** Every call has a deadline, so that it has to end whatever happens. */
const deadlineSeconds = 12;

let arena: Arena;
before(async () => {
  arena = await Arena.open({ bus: 'external', tracer: seed % 2 === 1 });
});
after(() => arena?.close());

test('whatever dies or freezes at any moment, every call ends with a status, and all is well after it', async (t) => {
  t.diagnostic(`POSTERN_CHAOS_SEED=${seed} POSTERN_CHAOS_ROUNDS=${rounds}`);
  const random = randomFrom(seed);
  for (let round = 0; round < rounds; round++) {
    const victim = random.pick(['server', 'agent', 'nats', 'hub'] as const);
    const signal = random.pick(['SIGKILL', 'SIGSTOP'] as const);
    const holdMs = random.below(6_000);
    const strikeMs = random.below(300);
    const what = `round ${round}: ${signal} of the ${victim} after ${strikeMs} ms, for ${holdMs} ms`;
    t.diagnostic(what);
    const caller = arena.caller();
    await assertWorks(caller, recovery.busFrozen);
    const since = performance.now();
    const calls: OpenCall[] = [];
    const opening = (async () => {
      // So that the blow falls into the opening of some of them.
      for (let i = 0; i < 40; i++) {
        const options = {
          timeoutMs: deadlineSeconds * 1000,
          ...(random.below(2) === 0 ? { answerMs: 20 } : {}),
        };
        calls.push(caller.open(random.pick(methods), options));
        await sleep(random.below(15));
      }
    })();
    await sleep(strikeMs);
    await arena.hit(victim, signal);
    await opening;
    for (const call of calls) {
      // Some half-close before the end, so that they may end well.
      if ((call.method === 'Echo' || call.method === 'Sink') && random.below(2) === 0) call.finish();
    }
    await sleep(holdMs);
    if (signal === 'SIGSTOP') await arena.hit(victim, 'SIGCONT');
    else await arena.restart(victim);
    await assertEnded(calls, since, (performance.now() - since) / 1000 + deadlineSeconds, [0, 4, 14]).catch(
      (thrown: unknown) => {
        throw new Error(what, { cause: thrown });
      },
    );
    await assertWorks(caller, recovery.busFrozen);
    caller.close();
    await eventually(`${what}: the server is rid of its calls`, () => arena.server.open().length === 0, {
      timeoutMs: (bounds.lost + slack) * 1000,
    });
  }
});
