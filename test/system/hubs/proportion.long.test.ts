import { test } from 'node:test';
import { workFollowsOwnNodes } from './proportion.js';

test(
  'each of three hubs has work for its own nodes, of two thousand, and reaches all of them',
  {
    timeout: 300_000,
  },
  (t) => workFollowsOwnNodes(t, { count: 2_000, windowMs: 20_000 }),
);
