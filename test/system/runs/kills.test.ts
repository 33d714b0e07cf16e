import { test } from 'node:test';
import { killAndJudge } from './kills.js';

test('a run while agents, daemons, NATS, the hub and controllers are killed is judged by what the daemons have', {
  timeout: 240_000,
}, async (t) => {
  t.diagnostic(await killAndJudge(1));
});
