import { test } from 'node:test';
import { assertParsersHold } from './fuzzed.js';

test('parsers hold against a few thousand mutations of real traffic each', () =>
  assertParsersHold(1_000, 210_000));
