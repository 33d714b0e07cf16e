import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type News, RunStory } from '../../src/cli/runs/run-story.js';
import { newsLines, tallyOf } from '../../src/cli/runs/run-words.js';
import { styleFor } from '../../src/cli/style.js';
import { begun, told, toldFault, toldNode, toldRun } from './runs-told.js';

const plain = styleFor({}, {});
const linesOf = (news: readonly News[]): string[] => newsLines(news, toldRun(), plain);

/** A story whose clock is set by hand. */
function storyAt(): { story: RunStory; at: (ms: number) => void } {
  let nowMs = begun;
  return {
    story: new RunStory(() => nowMs),
    at: (ms) => {
      nowMs = begun + ms;
    },
  };
}

test('each phase, warning and controller of a run is told once', () => {
  const { story } = storyAt();
  const phases = [
    { state: 'loading', sinceMs: begun },
    { state: 'gathering', sinceMs: begun + 100 },
  ];
  const first = told({ run: toldRun({ phases, warnings: ['odd'] }) });
  assert.deepEqual(linesOf(story.take(first)), [' 0:00  loading', ' 0:00  gathering', ' 0:00  warning: odd']);
  assert.deepEqual(story.take(first), []);
  const later = toldRun({
    phases: [...phases, { state: 'grouping', sinceMs: begun + 61_000 }],
    warnings: ['odd', 'odder'],
    term: 2,
    controller: 'c2',
  });
  assert.deepEqual(linesOf(story.take(told({ run: later }))), [
    ' 1:01  grouping',
    ' 1:01  another controller has taken it over: c2',
    ' 0:00  warning: odder',
  ]);
});

test('a fault is told when it acts and when it is over, not while it waits', () => {
  const { story } = storyAt();
  const nodes = [toldNode('south')];
  const states = ['', 'idle', 'waiting', 'injecting', 'injected', 'healing.undoing', 'healed'];
  const lines = states.map((state) =>
    linesOf(story.take(told({ nodes, faults: [toldFault('south', state)] }))).join('; '),
  );
  assert.deepEqual(lines, [
    ' 0:02  main.running',
    '',
    '',
    '',
    ' 0:10  link on south, until 0:20',
    '',
    ' 0:20  link on south is over',
  ]);
});

test('a fault on a node that is cut off is told by the plan, and once', () => {
  const { story, at } = storyAt();
  const faults = [toldFault('south', 'waiting')];
  at(9_000);
  assert.deepEqual(linesOf(story.take(told({ nodes: [toldNode('south', {}, false)], faults }))), [
    ' 0:02  main.running',
    ' 0:09  not reached: south',
  ]);
  assert.deepEqual(story.tick(), []);
  at(10_500);
  assert.deepEqual(linesOf(story.tick()), [' 0:10  link on south, until 0:20, by the plan']);
  assert.deepEqual(story.tick(), []);
  const says = [toldFault('south', 'injected')];
  assert.deepEqual(story.take(told({ nodes: [toldNode('south', {}, false)], faults: says })), []);
  at(20_500);
  assert.deepEqual(linesOf(story.tick()), [' 0:20  link on south is over']);
  at(21_000);
  const back = told({ nodes: [toldNode('south')], faults: [toldFault('south', 'healed')] });
  assert.deepEqual(linesOf(story.take(back)), [' 0:21  reached again: south']);
});

test('a node that is reached says itself whether its fault acts, whatever the plan says', () => {
  const { story, at } = storyAt();
  story.take(told());
  for (const ms of [12_000, 22_000]) {
    at(ms);
    assert.deepEqual(
      story.take(told({ nodes: [toldNode('south')], faults: [toldFault('south', 'waiting')] })),
      [],
    );
  }
});

test('a fault that did something else is told with its state', () => {
  const { story } = storyAt();
  const faults = [toldFault('south', 'refused'), toldFault('north', 'missed')];
  assert.deepEqual(linesOf(story.take(told({ faults }))).slice(1), [
    ' 0:00  link on south: refused',
    ' 0:00  link on north: missed',
  ]);
});

test('what befalls many nodes alike is one line, with few names', () => {
  const { story } = storyAt();
  const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
  const message = told({
    nodes: names.map((name) => toldNode(name)),
    faults: names.map((name) => toldFault(name, 'injected')),
  });
  assert.deepEqual(linesOf(story.take(message)).slice(1), [
    ' 0:10  link on n0, n1, n2, n3 and 36 more, until 0:20',
  ]);
});

test('the time of a run is that of its controller, whatever our own clock says', () => {
  const { story, at } = storyAt();
  at(3_600_000);
  story.take(told());
  const phases = [
    { state: 'main.running', sinceMs: begun + 2_000 },
    { state: 'main.settling', sinceMs: begun + 30_000 },
  ];
  story.take(told({ run: toldRun({ phases }) }));
  assert.equal(story.nowMs - begun, 30_000);
  at(3_605_000);
  assert.equal(story.nowMs - begun, 35_000);
  // News that come late, after a loss of the hub, do not turn the clock back.
  story.take(
    told({ run: toldRun({ phases: [...phases, { state: 'collecting', sinceMs: begun + 31_000 }] }) }),
  );
  assert.equal(story.nowMs - begun, 35_000);
});

test('the control phase counts until there is a test after it', () => {
  const control = {
    test: 'control_chat_ping',
    state: 'finished',
    sent: 5,
    amount: 5,
    received: 10,
    troubled: 1,
  };
  const { tests } = toldNode('north');
  assert.equal(tallyOf([{ node: 'north', reached: true, tests: [control] }]).sent, 5);
  assert.deepEqual(tallyOf([{ node: 'north', reached: true, tests: [control, ...tests] }]), {
    sent: 30,
    amount: 60,
    received: 55,
    troubled: 0,
  });
});

test('what a node or a hub tells cannot steer the terminal', () => {
  const { story } = storyAt();
  const run = toldRun({ warnings: ['\u001b[2J'] });
  assert.doesNotMatch(linesOf(story.take(told({ run }))).join(), /\p{Cc}/u);
});
