import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Actor, type Transition, WatchResponse } from '../../src/gen/postern/v1/inspector.js';
import { Backlog } from '../../src/inspector/watch/backlog.js';

const transition = (sequence: number, contextJson = '{}'): Transition => ({
  ...{ machine: 'link', id: 'n1.b', bornMs: 1, sequence, atMs: 1, event: 'E', detailJson: '', from: 'a' },
  ...{ to: 'b', edges: [], contextJson, by: '', ignored: {}, node: 'n1', definition: '' },
});
const actor: Actor = {
  ...{ machine: 'link', id: 'n1.b', node: 'n1', run: '', state: 'b', sinceMs: 1, bornMs: 1, sequence: 1 },
  ...{ contextJson: '{}', gone: false, ignored: {}, definition: '', operations: [], tags: [] },
};
const at = (place: number) => new Map([['link', { created: '2026-01-01T00:00:00Z', place }]]);

describe('what a slow reader has still to be told', () => {
  it('is bounded: it is told as a loss, and what is now', () => {
    const backlog = new Backlog();
    backlog.begin([], at(0), false);
    for (let place = 1; place <= 5_000; place++) backlog.happened(transition(place), 'link', place);
    assert.equal(backlog.overrun, false);
    backlog.happened(transition(5_001), 'link', 5_001);
    assert.equal(backlog.overrun, true);
    backlog.begin([actor], at(5_001), true);
    const message = backlog.next(at(5_001));
    assert.deepEqual([message?.lost, message?.actors.length, message?.transitions.length], [true, 1, 0]);
    backlog.happened(transition(5_002), 'link', 5_002);
    assert.deepEqual([backlog.next(at(5_002))?.lost, backlog.waiting], [false, false]);
  });

  it('comes in messages of a bounded size, each with the place behind it', () => {
    const backlog = new Backlog();
    backlog.begin([], at(0), false);
    const large = JSON.stringify({ text: 'x'.repeat(400_000) });
    for (let place = 1; place <= 5; place++) backlog.happened(transition(place, large), 'link', place);
    const messages = [];
    for (let one = backlog.next(at(5)); one !== undefined; one = backlog.next(at(5))) messages.push(one);
    assert.deepEqual(
      messages.map(({ transitions }) => transitions.map(({ sequence }) => sequence)),
      [[1, 2], [3, 4], [5]],
    );
    assert.equal(new Set(messages.map(({ place }) => place)).size, 3);
  });

  it('counts all that a transition says', () => {
    const backlog = new Backlog();
    backlog.begin([], at(0), false);
    const long = 'x'.repeat(256);
    const ignored = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i} ${long}`, 1]));
    const much = { ...transition(1), edges: Array.from({ length: 16 }, () => long), ignored, from: long };
    for (let place = 1; place <= 500; place++) backlog.happened(much, 'link', place);
    let most = 0;
    for (let one = backlog.next(at(500)); one !== undefined; one = backlog.next(at(500))) {
      most = Math.max(most, WatchResponse.encode(one).finish().length);
    }
    assert.ok(most > 500_000 && most < 1.1 * 2 ** 20, `${most} bytes`);
  });

  it('is not told again where another hub has told it', () => {
    const backlog = new Backlog();
    backlog.resume(at(10));
    backlog.happened(transition(9), 'link', 9);
    backlog.happened(transition(11), 'link', 11);
    assert.deepEqual(
      backlog.next(at(11))?.transitions.map(({ sequence }) => sequence),
      [11],
    );
  });
});
