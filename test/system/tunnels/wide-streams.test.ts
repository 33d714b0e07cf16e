import { test } from 'node:test';
import { streamsSurviveOne } from './wide-streams.js';

test('one of eight streams of 8 MB that ends early takes nothing from the others', (t) =>
  streamsSurviveOne(t, 8_000_000));
