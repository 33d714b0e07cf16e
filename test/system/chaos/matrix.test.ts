import { after, before, describe, test } from 'node:test';
import { Arena, type Circumstances } from './arena.js';
import { blows } from './blows.js';

/** What is quick enough to be tried at every change; all of it, in all circumstances, is in the long tests. */
const quick: readonly [Circumstances, readonly string[]][] = [
  [
    { bus: 'external', tracer: false },
    ['server SIGKILL', 'server SIGSTOP', 'client SIGKILL', 'client SIGSTOP', 'nats SIGKILL', 'hub SIGSTOP'],
  ],
  [{ bus: 'embedded', tracer: true }, ['nats SIGKILL']],
];

for (const [circumstances, chosen] of quick) {
  const { bus, tracer } = circumstances;
  describe(`${bus} bus, ${tracer ? 'a tracer' : 'nobody'} listens to all of it`, () => {
    let arena: Arena;
    before(async () => {
      arena = await Arena.open(circumstances);
    });
    after(() => arena?.close());

    for (const { victim, signal, strike } of blows) {
      if (!chosen.includes(`${victim} ${signal}`)) continue;
      test(`${signal} of the ${victim} in the midst of calls of every kind`, () => strike(arena));
    }
  });
}
