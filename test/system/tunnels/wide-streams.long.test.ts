import { test } from 'node:test';
import { streamsSurviveOne } from './wide-streams.js';

test('one of eight streams of 200 MB that ends early takes nothing from the others', (t) =>
  streamsSurviveOne(t, 200_000_000));
