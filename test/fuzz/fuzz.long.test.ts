import { test } from 'node:test';
import { assertParsersHold } from './fuzzed.js';

test('parsers hold against a hundred thousand mutations of real traffic each', () =>
  assertParsersHold(100_000, 1_700_000));
