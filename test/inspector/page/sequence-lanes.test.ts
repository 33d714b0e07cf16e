import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Move } from '../../../src/inspector/page/views/machine/model.js';
import {
  columnOf,
  marksBetween,
  rowHeight,
  thinned,
} from '../../../src/inspector/page/views/sequence/axis.js';
import { Causes } from '../../../src/inspector/page/views/sequence/causes.js';
import { askedAt } from '../../../src/inspector/page/views/sequence/chosen.js';
import { svgFile } from '../../../src/inspector/page/views/sequence/export-svg.js';
import { arrowOf, laneLines, markText } from '../../../src/inspector/page/views/sequence/geometry.js';
import {
  eventCounts,
  headsOf,
  lanesOf,
  lanesShown,
  marksShown,
  mostLanes,
} from '../../../src/inspector/page/views/sequence/lanes.js';
import { mermaidOf } from '../../../src/inspector/page/views/sequence/mermaid.js';
import { actor, move } from './made-moves.js';

const link = (atMs: number, more: Partial<Move> = {}) =>
  move({ of: 'link/attic.a', atMs, sequence: atMs, ...more });
const node = (atMs: number, more: Partial<Move> = {}) =>
  move({ of: 'node/attic', atMs, sequence: atMs, ...more });
const run = (atMs: number, more: Partial<Move> = {}) => move({ of: 'run/r', atMs, sequence: atMs, ...more });

const all = { hidden: new Set<string>(), events: new Set<string>(), search: '' };

test('what an actor did last before another moved by its doing led to it', () => {
  const [early, late, claimed] = [link(100), link(200), node(210, { by: 'link/attic.a' })];
  const causes = new Causes([early, late, claimed]);
  assert.equal(causes.of(claimed), late);
  assert.deepEqual(causes.effectsOf(late), [claimed]);
  assert.deepEqual(causes.effectsOf(early), []);
  assert.equal(causes.of(late), undefined);
});

test('a cause whose clock is ahead is found behind what it led to; what is too long ago is none', () => {
  const ahead = link(1_500);
  const moved = node(1_000, { by: 'link/attic.a' });
  assert.equal(new Causes([moved, ahead]).of(moved), ahead);
  const far = node(2_600, { by: 'run/r' });
  assert.equal(new Causes([far, run(4_000)]).of(far), undefined);
  const old = node(90_000, { by: 'link/attic.a' });
  assert.equal(new Causes([link(100), old]).of(old), undefined);
});

test('an event is followed to what led to it and to all that it led to, and no further', () => {
  const start = run(10);
  const first = link(20, { by: 'run/r' });
  const second = node(30, { by: 'link/attic.a' });
  const aside = move({ of: 'test/t', atMs: 25, by: 'run/r' });
  const stranger = move({ of: 'daemon/d', atMs: 26 });
  const causes = new Causes([start, first, aside, stranger, second]);
  assert.deepEqual([...causes.story(first)], [first, start, second]);
  assert.deepEqual(new Set(causes.story(start)), new Set([start, first, aside, second]));
  assert.deepEqual([...causes.story(stranger)], [stranger]);
});

test('following ends, even where each seems to have led to the other', () => {
  const a = link(100, { by: 'node/attic' });
  const b = node(100, { by: 'link/attic.a' });
  assert.deepEqual(new Causes([a, b]).story(a), new Set([a, b]));
});

test('a mark is as far down as it is late, or has a row of its own; those in sight are found', () => {
  const moves = [0, 1, 2, 1_000, 5_000].map((at) => link(at));
  const rows = columnOf(moves, 'order', 1);
  assert.deepEqual(
    rows.marks.map(({ y }) => y - (rows.marks[0]?.y ?? 0)),
    [0, 1, 2, 3, 4].map((row) => row * rowHeight),
  );
  const time = columnOf(moves, 'time', 2);
  const [first = 0, , , second = 0, last = 0] = time.marks.map(({ y }) => y);
  assert.equal(second - first, 80);
  assert.equal(last - first, 400);
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 500 }), fc.integer({ min: 0, max: 300 }), (from, length) => {
      const seen = marksBetween(time, from, from + length);
      assert.deepEqual(
        seen,
        time.marks.filter(({ y }) => y >= from && y < from + length),
      );
    }),
  );
  assert.deepEqual(columnOf([], 'time', 1).marks, []);
});

test('marks that would cover each other are drawn as one, by lane, and none is lost', () => {
  const marks = [0, 3, 6, 30, 31].map((y) => ({ y, move: link(y) }));
  const drawn = thinned([...marks, { y: 31, move: node(31) }], ({ move: { machine } }) => machine, 13);
  assert.deepEqual(
    drawn.map(({ mark, behind }) => [mark.move.machine, mark.y, behind]),
    [
      ['link', 6, 2],
      ['link', 31, 1],
      ['node', 31, 0],
    ],
  );
});

test('above a lane stands what tells it from the others: the run of tests and faults only where there are several', () => {
  const lanes = (...keys: string[]) => keys.map((key) => ({ key, moves: 1, gone: false }));
  const one = lanes(
    'fault/r1.link.attic',
    'link/attic.zPq0',
    'run/r1',
    'test/r1.ping.attic',
    'test/r1.ping.barn',
  );
  assert.deepEqual(
    [...headsOf(one).values()],
    [
      ['fault', 'link.attic'],
      ['link', 'attic.zPq0'],
      ['run', 'r1'],
      ['test', 'ping.attic'],
      ['test', 'ping.barn'],
    ],
  );
  assert.deepEqual(
    [...headsOf(lanes('test/r1.ping.attic', 'test/r2.ping.attic')).values()],
    [
      ['test', 'r1.ping.attic'],
      ['test', 'r2.ping.attic'],
    ],
  );
});

test('lanes can be hidden; of too many the busiest are drawn', () => {
  const moves = [link(1), link(2), node(3)];
  const lanes = lanesOf([actor('node/attic'), actor('link/attic.a', { gone: true })], moves);
  assert.deepEqual(
    lanes.map(({ key, moves: n, gone }) => [key, n, gone]),
    [
      ['link/attic.a', 2, true],
      ['node/attic', 1, false],
    ],
  );
  assert.deepEqual(
    lanesShown(lanes, new Set(['link/attic.a'])).map(({ key }) => key),
    ['node/attic'],
  );
  const crowd = Array.from({ length: 40 }, (_, at) => ({ key: `x/${at}`, moves: at, gone: false }));
  const shown = lanesShown(crowd, new Set());
  assert.equal(shown.length, mostLanes);
  assert.equal(Math.min(...shown.map(({ moves: n }) => n)), 40 - mostLanes);
});

test('transitions are chosen by lane, event and words', () => {
  const moves = [
    link(1, { event: 'DIALED' }),
    link(2, { event: 'DRAIN', to: 'draining' }),
    node(3, { event: 'BYE', by: 'link/attic.a' }),
  ];
  const lanes = lanesOf([actor('node/attic'), actor('link/attic.a')], moves);
  const events = (choice: Partial<typeof all>) =>
    marksShown(moves, lanes, { ...all, ...choice }).map(({ event }) => event);
  assert.deepEqual(events({}), ['DIALED', 'DRAIN', 'BYE']);
  assert.deepEqual(events({ events: new Set(['BYE']) }), ['BYE']);
  assert.deepEqual(events({ search: 'LINK draining' }), ['DRAIN']);
  assert.deepEqual(
    marksShown(moves, lanes.slice(1), all).map(({ event }) => event),
    ['BYE'],
  );
  assert.deepEqual(eventCounts([...moves, link(9, { event: 'BYE' })])[0], ['BYE', 2]);
});

test('an arrow goes from whose doing it was to who moved, unless that one is not shown', () => {
  const lanes = lanesOf([actor('node/attic'), actor('link/attic.a')], []);
  const lines = laneLines(lanes);
  const arrow = arrowOf({ move: node(1, { by: 'link/attic.a' }), y: 50 }, lines);
  assert.equal(arrow?.from, lines.get('link/attic.a'));
  assert.equal(arrow?.to, (lines.get('node/attic') ?? 0) - 6);
  assert.equal(arrowOf({ move: node(1, { by: 'run/r' }), y: 50 }, lines), undefined);
  assert.equal(arrowOf({ move: node(1, { by: 'node/attic' }), y: 50 }, lines), undefined);
  assert.equal(markText(node(1, { event: 'A'.repeat(40) }), 3).length, 36);
});

test('it is copied as mermaid and exported as SVG, with all signs escaped', () => {
  const moves = [
    link(1, { event: 'A<B;' }),
    node(2, { by: 'link/attic.a', event: 'CLAIMED', to: 'connected.idle' }),
  ];
  const lanes = lanesOf([actor('node/attic'), actor('link/attic.a')], moves);
  assert.equal(
    mermaidOf(lanes, moves),
    [
      'sequenceDiagram',
      '  participant a1 as link/attic.a',
      '  participant a2 as node/attic',
      '  Note over a1: A<B : here to there',
      '  a1->>a2: CLAIMED: here to connected.idle',
      '',
    ].join('\n'),
  );
  const svg = svgFile(lanes, columnOf(moves, 'order', 1), String);
  assert.match(svg, /A&lt;B; → there/);
  assert.equal(svg.match(/<circle/g)?.length, 2);
  assert.ok(!/<(?!\/?(?:svg|rect|text|path|circle)\b)/.test(svg));
});

test('what a sequence is of is in the URL', () => {
  const query = new URLSearchParams({ actors: 'link/attic.a,nonsense', node: 'cellar', run: 'r1,r2' });
  assert.deepEqual(askedAt(query), [
    { machine: 'link', id: 'attic.a' },
    { node: 'cellar' },
    { run: 'r1' },
    { run: 'r2' },
  ]);
  assert.deepEqual(askedAt(new URLSearchParams()), []);
});
