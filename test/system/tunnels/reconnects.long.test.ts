import { test } from 'node:test';
import { reconnectsLeaveNothing } from './reconnects.js';

test('200 reconnects of one node leave memory, subscriptions and timers where they were', (t) =>
  reconnectsLeaveNothing(t, 200));
