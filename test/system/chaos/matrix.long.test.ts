import { after, before, describe, test } from 'node:test';
import { Arena, type Circumstances } from './arena.js';
import { blows } from './blows.js';

const all: readonly Circumstances[] = [
  { bus: 'external', tracer: false },
  { bus: 'external', tracer: true },
  { bus: 'embedded', tracer: false },
  { bus: 'embedded', tracer: true },
];

for (const circumstances of all) {
  const { bus, tracer } = circumstances;
  describe(`${bus} bus, ${tracer ? 'a tracer' : 'nobody'} listens to all of it`, () => {
    let arena: Arena;
    before(async () => {
      arena = await Arena.open(circumstances);
    });
    after(() => arena?.close());

    for (const { victim, signal, strike } of blows) {
      test(`${signal} of the ${victim} in the midst of calls of every kind`, () => strike(arena));
    }
  });
}
