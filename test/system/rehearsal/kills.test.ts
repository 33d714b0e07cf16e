import { test } from 'node:test';
import { killAndAccount } from './kills.js';

test('while agents, daemons, NATS and the hub are killed by lot, a test goes on and every message is accounted for', {
  timeout: 120_000,
}, async (t) => {
  t.diagnostic(await killAndAccount(1));
});
