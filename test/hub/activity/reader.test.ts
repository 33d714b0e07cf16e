import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ActivityKind } from '../../../src/bus/activity-message.js';
import type { Bus } from '../../../src/bus/bus.js';
import { subjects } from '../../../src/bus/subjects.js';
import { parseCursor } from '../../../src/hub/activity/cursor.js';
import type { ActivityFilter } from '../../../src/hub/activity/filter.js';
import { ActivityReader, type ActivityStart, type ToldEvent } from '../../../src/hub/activity/reader.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';
import { omnipotent } from '../../support/raw-nats.js';

const all: ActivityFilter = { mayKnow: () => true };

describe('a reader of activity', () => {
  let nats: TestNats;
  let bus: Bus;
  let sent = 0;
  before(async () => {
    nats = await startTestNats();
    bus = await nats.hub();
  });
  after(() => nats.stop());

  const store = (
    kind: ActivityKind,
    node: string,
    method: string,
    calls: readonly number[],
  ): Promise<void> => {
    const params = { kind, node: node || '-', service: 's', method };
    const events = calls.map((call) => ({ at: Date.now(), call }));
    return bus.append(
      subjects.activity,
      params,
      { v: 1, hub: 'h', kind, node, method: method === '-' ? '' : `s/${method}`, events },
      `id-${++sent}`,
    );
  };
  const read = async (filter: ActivityFilter, start: ActivityStart): Promise<ToldEvent[]> => {
    const reader = new ActivityReader(bus, { filter, start, signal: new AbortController().signal });
    const told: ToldEvent[] = [];
    for await (const events of reader.events(false)) told.push(...events);
    return told;
  };
  const calls = (told: readonly ToldEvent[]) => told.map(({ event }) => event.call);

  it('goes on behind any event, also within a message, without loss or doubles', async () => {
    await store('proxied', 'cellar', 'a', [1, 2, 3]);
    await store('proxied', 'attic', 'a', [4]);
    await store('gap', '', '-', [5, 6]);
    await store('proxied', 'cellar', 'b', [7, 8, 9]);
    await store('refused', 'cellar', 'a', [10]);
    const filters: Omit<ActivityFilter, 'mayKnow'>[] = [
      {},
      { nodes: ['cellar'] },
      { nodes: ['cellar', 'attic'] },
      { kinds: ['proxied'] },
      { kinds: ['gap'] },
      { methods: ['s/b'] },
      { methods: ['s'] },
      { nodes: ['cellar'], kinds: ['refused', 'proxied'], methods: ['s/a'] },
      { call: 'h-8' },
    ];
    const expected = [
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [1, 2, 3, 5, 6, 7, 8, 9, 10],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [5, 6],
      [5, 6, 7, 8, 9],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [1, 2, 3, 5, 6, 10],
      [5, 6, 8],
    ];
    for (const [i, filter] of filters.entries()) {
      const told = await read({ ...all, ...filter }, { sinceMs: 1 });
      assert.deepEqual(calls(told), expected[i], JSON.stringify(filter));
      for (const [at, { cursor }] of told.entries()) {
        const rest = await read({ ...all, ...filter }, { cursor: parseCursor(cursor) });
        assert.deepEqual(
          calls(rest),
          expected[i]?.slice(at + 1),
          `${JSON.stringify(filter)} behind ${cursor}`,
        );
      }
    }
  });

  it('tells of other nodes than the reader may know nothing, but of gaps', async () => {
    const told = await read({ mayKnow: (node) => node === 'attic' }, { sinceMs: 1 });
    assert.deepEqual(calls(told), [4, 5, 6]);
  });

  it('reads many pages, cut anywhere, as one', async () => {
    const begin = (await read(all, { sinceMs: 1 })).at(-1)?.cursor ?? '';
    const sizes = fc.sample(fc.integer({ min: 1, max: 4 }), 150);
    let next = 100;
    const writes = sizes.map((size, i) => {
      const numbers = Array.from({ length: size }, () => next++);
      return () => store(i % 13 === 0 ? 'gap' : 'proxied', i % 2 === 0 ? 'cellar' : 'attic', 'm', numbers);
    });
    for (const write of writes) await write();
    const whole = await read(all, { cursor: parseCursor(begin) });
    assert.deepEqual(
      calls(whole),
      Array.from({ length: next - 100 }, (_, i) => 100 + i),
    );
    const cellar = await read({ ...all, nodes: ['cellar'] }, { cursor: parseCursor(begin) });
    assert.deepEqual(
      calls(cellar),
      calls(whole.filter(({ node, kind }) => node === 'cellar' || kind === 'gap')),
    );
  });

  it('goes on with what comes, from this hub and from others', async () => {
    const other = await nats.hub();
    const over = new AbortController();
    const reader = new ActivityReader(bus, { filter: all, start: {}, signal: over.signal });
    const cursor = await reader.begin();
    const told: ToldEvent[] = [];
    const reading = (async () => {
      for await (const events of reader.events(true)) told.push(...events);
    })();
    const body = {
      v: 1,
      hub: 'g',
      kind: 'proxied',
      node: 'n',
      method: 's/m',
      events: [{ at: 1, call: 2 }],
    } as const;
    await store('proxied', 'cellar', 'a', [1]);
    const params = { kind: 'proxied', node: 'n', service: 's', method: 'm' };
    await other.append(subjects.activity, params, { ...body, events: [...body.events] }, 'other-1');
    // sooner than it would look by itself
    await until('both have come', () => told.length === 2, 4_000);
    over.abort();
    await reading;
    assert.deepEqual(calls(told), [1, 2]);
    assert.deepEqual(calls(await read(all, { cursor: parseCursor(cursor ?? '') })), [1, 2]);
  });

  it('tells as a gap that a stream has lost its end, and goes on from there', async () => {
    const last = (await read(all, { sinceMs: 1 })).at(-1)?.cursor ?? '';
    const { stream, place } = parseCursor(last);
    // as where the files of the server are of a time before
    const told = await read(all, { cursor: { stream, place: place + 1_000 } });
    assert.deepEqual(
      told.map(({ event }) => event.reason),
      ['STREAM_NEW'],
    );
    await store('proxied', 'cellar', 'a', [500]);
    assert.deepEqual(calls(await read(all, { cursor: parseCursor(told[0]?.cursor ?? '') })), [500]);
  });

  it('tells as a gap what is not kept any more, and what another stream has taken the place of', async () => {
    const told = await read(all, { sinceMs: 1 });
    const [first, , third] = told;
    const god = await omnipotent(nats);
    const api = async (subject: string, body: object): Promise<void> => {
      const answer = await god.request(`$JS.API.STREAM.${subject}`, JSON.stringify(body), { timeout: 5_000 });
      assert.doesNotMatch(answer.string(), /"error"/);
    };
    // keeps what lies from this place on
    await api('PURGE.POSTERN_ACTIVITY', { seq: 4 });
    const late = await read(all, { cursor: parseCursor(first?.cursor ?? '') });
    assert.deepEqual([late[0]?.kind, late[0]?.event.reason, late[0]?.event.lost], ['gap', 'NOT_KEPT', 3]);
    assert.equal(late[1]?.event.call, 7);
    const again = await read(all, { cursor: parseCursor(late[0]?.cursor ?? '') });
    assert.equal(again[0]?.event.call, 7);
    // all of its message had been told
    const behind = await read(all, { cursor: parseCursor(third?.cursor ?? '') });
    assert.deepEqual([behind[0]?.kind, behind[0]?.event.lost], ['gap', 2]);
    const since = await read({ ...all, sinceMs: 2 }, { sinceMs: 2 });
    assert.deepEqual([since[0]?.event.reason, since[1]?.event.call], ['NOT_KEPT', 7]);

    const { config } = JSON.parse((await god.request('$JS.API.STREAM.INFO.POSTERN_ACTIVITY')).string());
    await api('DELETE.POSTERN_ACTIVITY', {});
    await api('CREATE.POSTERN_ACTIVITY', config);
    await store('proxied', 'cellar', 'a', [1_000]);
    const renewed = await read(all, { cursor: parseCursor(third?.cursor ?? '') });
    assert.deepEqual(
      renewed.map(({ event }) => event.reason ?? event.call),
      ['STREAM_NEW', 1_000],
    );
    assert.deepEqual(calls(await read(all, { cursor: parseCursor(renewed[0]?.cursor ?? '') })), [1_000]);
    await god.close();
  });
});
