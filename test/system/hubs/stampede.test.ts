import { test } from 'node:test';
import { comesBackWithoutStampede } from './stampede.js';

test('sixty tunnels come back to a hub that was killed and started again, not all at once', (t) =>
  comesBackWithoutStampede(t, { count: 60, signal: 'SIGKILL', awayMs: 1_500 }));
