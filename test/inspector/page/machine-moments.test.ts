import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Fact, factsOf } from '../../../src/inspector/page/views/machine/facts.js';
import { litAt, litLive, litMs } from '../../../src/inspector/page/views/machine/lit.js';
import { type Move, moveKey } from '../../../src/inspector/page/views/machine/model.js';
import {
  momentAt,
  placeInTime,
  timeline,
  wordForPlace,
} from '../../../src/inspector/page/views/machine/moment.js';
import { grouped } from '../../../src/inspector/page/views/machine/picking.js';
import { placeShowing, shownAt } from '../../../src/inspector/page/views/machine/shown.js';
import { after, nothing } from '../../../src/inspector/page/views/machine/world.js';
import { actor, move } from './made-moves.js';

const bounds = { each: 100, all: 1_000 };
const link = 'link/attic.a';

const story = [
  move({ sequence: 0, atMs: 100, from: '', to: 'offline', event: '(init)', context: '{"attempt":0}' }),
  move({
    sequence: 1,
    atMs: 200,
    from: 'offline',
    to: 'dialing',
    edges: ['offline:START'],
    context: '{"attempt":1}',
  }),
  move({
    sequence: 2,
    atMs: 300,
    from: 'dialing',
    to: 'online',
    edges: ['a', 'b'],
    context: '{"attempt":1,"hub":"x"}',
  }),
];

function told(moves: readonly Move[], actors = [actor(link)]) {
  return after(nothing, { actors, moves, live: true, lost: false }, bounds);
}

test('transitions are known once and in their order, whatever order they come in', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...story, ...story], { minLength: 0 }), (some) => {
      let world = told([]);
      for (const one of some)
        world = after(world, { actors: [], moves: [one], live: false, lost: false }, bounds);
      const known = [...new Set(some)].sort((a, b) => a.sequence - b.sequence);
      assert.deepEqual(world.moves.get(link) ?? [], known);
      const last = known.at(-1);
      if (last !== undefined && last.sequence > 0) assert.equal(world.actors.get(link)?.state, last.to);
    }),
  );
});

test('a new life follows the one before, and an end leaves the state and says that it is gone', () => {
  const reborn = move({ bornMs: 9, sequence: 0, atMs: 900, from: '', to: 'offline' });
  const ended = move({ bornMs: 9, sequence: 1, atMs: 950, from: 'offline', to: '' });
  const world = told([reborn, ...story]);
  assert.equal(world.actors.get(link)?.state, 'offline');
  const over = after(world, { actors: [], moves: [ended], live: false, lost: false }, bounds);
  assert.equal(over.actors.get(link)?.state, 'offline');
  assert.equal(over.actors.get(link)?.gone, true);
  const late = after(over, { actors: [], moves: [move({ sequence: 3 })], live: false, lost: false }, bounds);
  assert.equal(late.actors.get(link)?.gone, true, 'what the old life did late changes nothing now');
});

test('what the hub says of an actor stands where it is newer than the transitions that came with it', () => {
  const now = actor(link, { state: 'draining', sequence: 9, operations: ['STOP'] });
  assert.deepEqual(told(story, [now]).actors.get(link), now);
  const later = after(
    told(story, [now]),
    { actors: [], moves: [move({ sequence: 10, to: 'closed' })], live: false, lost: false },
    bounds,
  ).actors.get(link);
  assert.deepEqual([later?.state, later?.operations], ['closed', undefined]);
});

test('only so many transitions are kept, the newest', () => {
  const many = Array.from({ length: 300 }, (_, at) => move({ sequence: at, atMs: at }));
  const others = Array.from({ length: 50 }, (_, at) => move({ of: 'node/attic', sequence: at, atMs: at }));
  const world = after(
    nothing,
    { actors: [], moves: [...many, ...others], live: true, lost: false },
    { each: 200, all: 100 },
  );
  const kept = [...world.moves.values()].map((list) => list.length);
  assert.equal(
    kept.reduce((a, b) => a + b, 0),
    100,
  );
  assert.equal(world.moves.get(link)?.at(-1)?.sequence, 299);
  assert.equal(world.moves.get('node/attic')?.length, 50);
});

test('going back shows each actor as it was then, and nothing before it began', () => {
  const node = move({
    of: 'node/attic',
    sequence: 4,
    atMs: 250,
    from: 'lost',
    to: 'connected',
    context: '{"n":1}',
  });
  const world = told([...story, node], [actor(link), actor('node/attic')]);
  const line = timeline(world);
  const states = (at: number | undefined) =>
    [link, 'node/attic'].map((key) => momentAt(world, key, line, at)?.state);
  assert.deepEqual(
    line.map(({ atMs }) => atMs),
    [100, 200, 250, 300],
  );
  assert.deepEqual(states(0), ['offline', 'lost']);
  assert.deepEqual(states(1), ['dialing', 'lost']);
  assert.deepEqual(states(2), ['dialing', 'connected']);
  assert.deepEqual(states(3), ['online', 'connected']);
  assert.deepEqual(states(undefined), ['online', 'connected']);
  assert.equal(momentAt(world, link, line, 1)?.context, '{"attempt":1}');
  assert.equal(momentAt(world, link, line, 1)?.contextBefore, '{"attempt":0}');
  assert.equal(momentAt(world, link, line, 1)?.sinceMs, 200);
  const younger = told([...story, move({ of: 'test/t', sequence: 0, atMs: 280, from: '', to: 'created' })]);
  assert.equal(momentAt(younger, 'test/t', timeline(younger), 1), undefined);
});

test('two transitions of one millisecond are two steps', () => {
  const twins = [move({ sequence: 1, to: 'b' }), move({ sequence: 2, from: 'b', to: 'c' })];
  const world = told(twins);
  const line = timeline(world);
  assert.deepEqual(
    line.map((_, at) => momentAt(world, link, line, at)?.state),
    ['b', 'c'],
  );
  const other = move({ of: 'node/attic', sequence: 1, from: 'x', to: 'y' });
  const both = told([...twins, other], [actor(link), actor('node/attic')]);
  const at = (place: number) =>
    [link, 'node/attic'].map((key) => momentAt(both, key, timeline(both), place)?.state);
  assert.deepEqual(
    [at(1), at(2)],
    [
      ['c', 'x'],
      ['c', 'y'],
    ],
  );
});

test('a moment is found again by its word in the URL, or the last one before it', () => {
  const line = timeline(told(story));
  for (const [at, one] of line.entries()) assert.equal(placeInTime(line, wordForPlace(one)), at);
  assert.equal(placeInTime(line, '250'), 1);
  assert.equal(placeInTime(line, '250@link/gone~9'), 1);
  assert.equal(placeInTime(line, '5'), 0);
  for (const word of ['', 'yesterday']) assert.equal(placeInTime(line, word), undefined);
  assert.equal(placeInTime([], '250'), undefined);
});

test('edges are lit for some seconds from when they came, and the last ones stay marked', () => {
  const came = new Map([[moveKey(story[2] ?? move({})), 5_000]]);
  const when = (one: Move) => came.get(moveKey(one));
  assert.deepEqual(
    [...litLive(story, when, 5_000 + litMs - 1)],
    [
      ['a', 'just'],
      ['b', 'just'],
    ],
  );
  assert.deepEqual(
    [...litLive(story, when, 5_000 + litMs)],
    [
      ['a', 'last'],
      ['b', 'last'],
    ],
  );
  assert.deepEqual([...litAt(story[1])], [['offline:START', 'just']]);
  assert.deepEqual([...litAt(undefined)], []);
});

test('facts that changed are marked, and the groups that they are in', () => {
  const before = '{"a":1,"b":{"c":[1,2],"d":null},"e":{}}';
  const now = '{"a":1,"b":{"c":[1,3],"d":null},"e":{},"f":"new"}';
  const changed = (fact: Fact, path = ''): string[] => [
    ...(fact.changed ? [path] : []),
    ...fact.facts.flatMap((one) => changed(one, `${path}/${one.name}`)),
  ];
  const fact = factsOf(now, before);
  assert.ok(fact !== undefined);
  assert.deepEqual(changed(fact), ['', '/b', '/b/c', '/b/c/1', '/f']);
  const same = factsOf(now, undefined);
  assert.ok(same !== undefined);
  assert.deepEqual(changed(same), []);
  assert.equal(factsOf('not json', undefined), undefined);
  const wide = factsOf(JSON.stringify(Array.from({ length: 250 }, (_, at) => at)), undefined);
  assert.deepEqual([wide?.facts.length, wide?.more], [200, 50]);
});

test('the actors side by side are in the URL, the first in its path', () => {
  const query = new URLSearchParams({ with: 'node/attic,nonsense,link/attic.a', q: 'x' });
  const keys = shownAt(['machine', 'link', 'attic.a'], query);
  assert.deepEqual(keys, [link, 'node/attic']);
  const place = placeShowing(keys, query);
  assert.deepEqual(shownAt(place.parts, place.query), keys);
  assert.equal(place.query.get('q'), 'x');
  assert.deepEqual(placeShowing([], new URLSearchParams('with=a/b&at=5')).query.toString(), '');
  assert.deepEqual(shownAt(['machine'], query), []);
});

test('the list of actors is searched by all words, and those that have gone come last', () => {
  const actors = [
    actor('link/attic.a', { node: 'attic', gone: true }),
    actor('link/cellar.b', { node: 'cellar', state: 'online' }),
    actor('node/attic', { node: 'attic' }),
  ];
  const names = (search: string, by: 'machine' | 'node') =>
    grouped(actors, search, by).groups.map(({ name, members }) => [name, ...members.map(({ id }) => id)]);
  assert.deepEqual(names('', 'machine'), [
    ['link', 'cellar.b', 'attic.a'],
    ['node', 'attic'],
  ]);
  assert.deepEqual(names('', 'node'), [
    ['attic', 'attic', 'attic.a'],
    ['cellar', 'cellar.b'],
  ]);
  assert.deepEqual(names('LINK online', 'machine'), [['link', 'cellar.b']]);
  assert.equal(grouped(actors, 'nobody', 'machine').found, 0);
});
