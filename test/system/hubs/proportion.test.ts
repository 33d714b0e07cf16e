import { test } from 'node:test';
import { workFollowsOwnNodes } from './proportion.js';

test(
  'each of three hubs has work for its own nodes, of two hundred, and reaches all of them',
  {
    timeout: 60_000,
  },
  (t) => workFollowsOwnNodes(t, { count: 200, windowMs: 8_000 }),
);
