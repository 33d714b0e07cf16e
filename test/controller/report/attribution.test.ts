import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonReport } from '../../../src/controller/report/json-report.js';
import { junitReport } from '../../../src/controller/report/junit-report.js';
import { terminalReport } from '../../../src/controller/report/terminal-report.js';
import { disturbedJudgement } from './disturbed-judgement.js';
import { madeJudgement, smallRun } from './made-judgement.js';

const made = disturbedJudgement();

test('where messages stayed is told by pair, the worst first, and in all', () => {
  const text = terminalReport(made, { width: 150 });
  assert.match(
    text,
    /Where messages stayed\n +TEST +SENDER +RECEIVER +NOT SENT +UNDELIVERED +DELIVERED, NOT COLLECTED +ARRIVED\n +main-1 +east +north +0 +3 +1 +16\n +main-1 +west +up +2 +0 +0 +18\n +all +2 +3 +1 +434\n/,
  );
  assert.match(text, /: lost at \w+ \(undelivered\)/);
  const xml = junitReport(made);
  assert.match(xml, /<testcase name="north" .*\n.*\n?.*stayed: 3 undelivered; 1 delivered, not collected</);
});

test('faults are told with their shape, what became of all that they held up, and what canaries saw', () => {
  const text = terminalReport(made, { width: 200 });
  assert.match(text, /cut-north +north +loss, 30 %, hub +\+22\.000 s for 3 s .* nft +mismatch +never/);
  assert.match(
    text,
    / {2}cut-north: affected tcp 192\.0\.2\.7:4101: before 3 of 3 in 2 ms, during 5 of 5 in 4 ms, after 3 of 3/,
  );
  assert.match(text, / {2}cut-north: spared loopback: during 4 of 4 \(pid 7\) came through/);
  assert.match(junitReport(made), /name="fault\.cut-north\.sight\.2" value="spared loopback: during 4 of 4/);
});

test('the time in which nobody could know of a node is told, and what no record told of', () => {
  const text = terminalReport(made, { width: 120 });
  assert.match(
    text,
    /NODE +BLIND +NEVER TOLD +OUT OF SIGHT +DAEMON AWAY\n +north +4\.2 s in 2, at most 4 s +- /,
  );
  assert.match(text, /\n +south +5 s in 1 +5 s +- +-\n/);
});

test('a report of a release that told none of it is written as it was', () => {
  const old = madeJudgement(smallRun());
  assert.doesNotMatch(terminalReport(old, { width: 120 }), /stayed|BLIND/);
  assert.doesNotMatch(junitReport(old), /stayed|blind/);
  assert.deepEqual(
    Object.keys(JSON.parse(jsonReport(old))),
    Object.keys(JSON.parse(jsonReport(made))).filter((key) => key !== 'layers' && key !== 'blind'),
  );
});
