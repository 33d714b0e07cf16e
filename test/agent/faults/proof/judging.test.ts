import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Canary, Expectation, Sight } from '../../../../src/agent/faults/injection.js';
import { prove } from '../../../../src/agent/faults/proof/judging.js';
import type { Observed, TimedSight } from '../../../../src/agent/faults/proof/observed.js';

type Seen = Record<'before' | 'during' | 'after', readonly Sight[]>;
const came = (ms = 1, found = 'accepted'): Sight => ({ through: true, ms, found });
const silent: Sight = { through: false, ms: 900, found: 'no answer' };
const times = (count: number, sight: Sight): Sight[] => Array.from({ length: count }, () => sight);

/** A canary with what it saw. */
function canary(expects: Expectation, seen: Partial<Seen>, path: Canary['path'] = 'affected'): Observed {
  const timed = (sights: readonly Sight[]): TimedSight[] => sights.map((sight) => ({ ...sight, atMs: 0 }));
  const { before = times(3, came()), during = [], after = times(40, came()) } = seen;
  return {
    canary: { path, name: `${path} way`, look: () => Promise.resolve(silent) },
    expects,
    seen: { before: timed(before), during: timed(during), after: timed(after) },
  };
}

const cut: Expectation = { sees: 'nothing' };
const acted = canary(cut, { during: times(20, silent) });

/** What is said of it. */
function said(observed: readonly Observed[], others: readonly string[] = []): string {
  const { outcome, reason } = prove(observed, others);
  return `${outcome}: ${reason}`;
}

test('a cut is confirmed when its way was there before, silent meanwhile, and there again', () => {
  assert.equal(
    said([acted]),
    'confirmed: affected way came through 3 of 3 times before, 0 of 20 while it acted, 40 of 40 afterwards',
  );
});

test('a way that came through while it was to be cut is a mismatch, however often it did not', () => {
  const leaks = canary(cut, { during: [...times(19, silent), came()] });
  assert.match(
    said([leaks]),
    /^mismatch: affected way came through 1 of 20 times while it acted, and nothing/,
  );
  assert.match(said([acted, leaks]), /^mismatch/);
});

test('a way that is silent after the heal is a mismatch, unless something else acted meanwhile', () => {
  const left = canary(cut, { during: times(20, silent), after: times(6, silent) });
  assert.match(said([left]), /^mismatch: affected way is not as before after the heal \(no answer\)/);
  assert.match(said([left], ['f2']), /^inconclusive: .*no answer.*; meanwhile acted f2$/);
  assert.match(said([acted, left], ['f2']), /^confirmed/);
});

test('a way that was to be spared and was hit is a mismatch; one slow look among many is not', () => {
  const spared = (during: readonly Sight[]) => canary(cut, { during }, 'spared');
  const rare = [...times(18, came()), silent];
  assert.match(said([acted, spared(rare)]), /^confirmed.*; 1 more way looked at$/);
  assert.match(
    said([acted, spared([...rare, silent])]),
    /^mismatch: spared way was to be spared, and failed 2 of 20 times/,
  );
  assert.match(said([acted, spared([silent])]), /^mismatch/);
  assert.match(said([acted, spared([silent])], ['f2']), /^confirmed/);
  const after = canary(cut, { during: times(9, came()), after: [silent] }, 'spared');
  assert.match(said([acted, after]), /^mismatch: .*does not come through after the heal/);
  const away = canary(cut, { before: [silent], during: [silent], after: [silent] }, 'spared');
  assert.match(said([acted, away]), /^confirmed/, 'what was not there before was not hit by it');
});

test('nobody can say where nothing could be looked at, came through before, or was looked at in time', () => {
  assert.match(said([]), /^inconclusive: there is no way here that it acts on/);
  assert.match(said([canary(cut, { during: [came()] }, 'spared')]), /^inconclusive: there is no way/);
  const away = canary(cut, { before: [silent], during: times(9, silent), after: [silent] });
  assert.match(
    said([away]),
    /^inconclusive: affected way did not come through before it acted \(no answer\)/,
  );
  assert.match(said([acted, away]), /^confirmed/);
  assert.match(said([canary(cut, { before: [] })]), /was not looked at before it acted/);
  assert.match(
    said([canary(cut, {})]),
    /^inconclusive: .* was not looked at while it acted: it was too short/,
  );
});

test('a delay is told by the middle look, against those before and after', () => {
  const late: Expectation = { sees: 'delay', ms: 100 };
  const by = (ms: number, more: Partial<Seen> = {}) =>
    said([canary(late, { during: times(9, came(ms)), ...more })]);
  assert.match(by(101), /^confirmed/);
  assert.match(by(60), /^mismatch: affected way was late by 59 ms while it acted, and was to be by 100/);
  assert.match(by(101, { before: times(5, came(95)) }), /^confirmed/, 'the machine was busy before');
  assert.match(
    by(101, { after: times(5, came(101)) }),
    /^mismatch: .*not as before after the heal \(after 101 ms/,
  );
  assert.match(by(1, { during: times(9, silent) }), /^mismatch: .*came through 0 of 9/);
  const tooFew = by(1, { during: [came(101), silent] });
  assert.match(tooFew, /^inconclusive: .*came through 1 of 2/, 'one look took too long');
  const silently = canary({ sees: 'delay', ms: 5_000 }, { during: times(9, silent) });
  assert.match(said([silently]), /^confirmed/);
});

test('a change is there all along and is undone afterwards, or stays where it comes once', () => {
  const state = (expects: Expectation, then: readonly Sight[], after = 'run') =>
    said([
      canary(expects, { before: times(3, came(1, 'run')), during: then, after: times(2, came(1, after)) }),
    ]);
  const meanwhile: Expectation = { sees: 'change', lasts: 'while' };
  const [run, still] = [came(1, 'run'), came(1, 'stand still')];
  assert.match(
    state(meanwhile, times(4, still)),
    /^confirmed: affected way was run before, stand still then/,
  );
  assert.match(state(meanwhile, [still, run]), /^mismatch: .*was as before \(run\) at 1 of 2 looks/);
  assert.match(state(meanwhile, [still], 'stand still'), /^mismatch: .*not as before after the heal/);
  assert.match(state(meanwhile, [silent]), /^inconclusive/);
  const once: Expectation = { sees: 'change', lasts: 'once' };
  assert.match(state(once, [], '4712'), /^confirmed/);
  assert.match(state(once, [], 'run'), /^mismatch: affected way is still run/);
});

test('nobody can say of a fault that nobody has felt, whatever other ways show', () => {
  const counter = (to: number, zero: 'unfelt' | 'nothing' = 'unfelt') =>
    canary(
      { sees: 'growth', zero },
      { before: [came(0, '3')], during: times(9, came(0, String(to))), after: [came(0, String(to))] },
    );
  assert.match(said([counter(4), acted]), /^confirmed/);
  assert.match(said([counter(3), acted]), /^inconclusive: affected way was too little to feel it, or none$/);
  const leaks = canary(cut, { during: times(9, came()) });
  assert.match(said([counter(3), leaks]), /^mismatch: .*nothing was to$/);
  assert.match(said([counter(3, 'nothing'), acted]), /^confirmed: affected way came through/);
  assert.match(said([counter(3, 'nothing')]), /^inconclusive: .*the other end may keep them back$/);
  assert.match(said([counter(4, 'nothing')]), /^confirmed/);
});

test('what another fault may have done speaks against none; what none can do does', () => {
  const lossy = (during: readonly Sight[]) =>
    said([canary({ sees: 'some', share: 0.9 }, { during })], ['f2']);
  assert.match(lossy(times(40, silent)), /^inconclusive: .*about 36 were to; meanwhile acted f2$/);
  assert.match(lossy(times(150, came())), /^mismatch: .*came through 150 of 150/);
  const late = canary(
    { sees: 'delay', ms: 100 },
    { before: times(5, came(200)), after: times(5, came(200)) },
  );
  const during = times(9, came(200)).map((sight) => ({ ...sight, atMs: 0 }));
  const slow = { ...late, seen: { ...late.seen, during } };
  assert.match(said([slow], ['f2']), /^inconclusive: .*was late by 0 ms .*meanwhile acted f2$/);
  assert.match(said([slow]), /^mismatch/);
  const away = canary(cut, { before: [silent], during: times(9, silent) });
  assert.match(
    said([away], ['f2']),
    /^inconclusive: .*did not come through before it.*; meanwhile acted f2$/,
  );
});

test('what a fault of another node may do on the same way, at that time, speaks against none', () => {
  const [early, late] = [
    { name: 'f2 of b', addresses: [], fromMs: -5, untilMs: 5 },
    { name: 'f3 of c', addresses: [], fromMs: 500_000, untilMs: 600_000 },
  ];
  const met = (one: Observed, alsoBy = [early, late]): Observed => ({
    ...one,
    canary: { ...one.canary, alsoBy },
  });
  const left = canary(cut, { during: times(20, silent), after: times(6, silent) });
  assert.match(said([met(left)]), /^inconclusive: .*not as before .*; meanwhile acted f2 of b there$/);
  assert.match(said([met(left, [late])]), /^mismatch/, 'it acted at another time');
  assert.match(said([acted, met(left)]), /^confirmed/);
  assert.match(said([left, met(left)]), /^mismatch/, 'nobody acted on that way');
  const lossy = canary({ sees: 'some', share: 0.9 }, { during: times(40, silent) });
  assert.match(said([met(lossy)]), /^inconclusive: .*about 36 were to; meanwhile acted f2 of b there$/);
  const spared = canary(cut, { during: times(9, silent), after: [silent] }, 'spared');
  assert.match(said([acted, spared]), /^mismatch/);
  assert.match(said([acted, met(spared)]), /^confirmed/);
  assert.match(said([acted, met(spared, [late])]), /^mismatch/);
  const leaks = canary(cut, { during: times(20, came()) });
  assert.match(said([met(leaks)]), /^mismatch/, 'nobody else lets it through');
});

test('counters have grown, or not', () => {
  const counted = (from: Sight, to: Sight) =>
    said([canary({ sees: 'growth' }, { before: [from], during: [came(1, '5'), to], after: [silent] })]);
  assert.match(counted(silent, came(1, '12')), /^confirmed/);
  assert.match(counted(came(1, '12'), came(1, '12')), /^mismatch: affected way has not grown/);
});
