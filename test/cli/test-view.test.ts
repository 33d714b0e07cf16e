import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testView } from '../../src/cli/commands/tests/test-view.js';
import { formatList } from '../../src/cli/records.js';
import { styleFor } from '../../src/cli/style.js';
import { Test } from '../../src/gen/postern/v1/tests.js';

const sent = { run: 'r', lastSeq: 976, ok: 170, fail: 2, info: 1, unknown: 1, open: 3, slips: 912 };

test('a list of tests counts what was sent, and what a failed one could not write down as unknown', () => {
  const tests = [
    Test.fromPartial({
      ...sent,
      test: 'runs',
      state: 'running',
      spec: { amount: 1000 },
      received: 9,
      duplicated: 3,
    }),
    Test.fromPartial({ ...sent, test: 'full', state: 'failed', spec: { amount: 1000 }, reason: 'no room' }),
  ];
  const rows = formatList('table', testView(styleFor({}, {})), tests)
    .trim()
    .split('\n');
  assert.deepEqual(
    rows.map((row) => row.split(/ {2,}/)),
    [
      [
        ...['RUN', 'TEST', 'STATE', 'SENT', 'OK', 'FAILED', 'UNKNOWN', 'RECEIVED', 'TWICE'],
        ...['LATE', 'STORED', 'WHY'],
      ],
      ['r', 'runs', 'running', '177/1000', '170', '2', '2', '9', '3', '912', '0/0', '-'],
      ['r', 'full', 'failed', '177/1000', '170', '2', '5', '0', '0', '912', '0/0', 'no room'],
    ],
  );
});
