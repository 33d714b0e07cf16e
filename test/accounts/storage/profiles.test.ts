import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Profiles } from '../../../src/accounts/storage/profiles.js';
import { stores } from '../../../src/bus/subjects.js';
import { plainKeys } from '../../support/accounts/plain-keys.js';
import { startTestNats, type TestNats } from '../../support/nats.js';

describe('profiles that two processes share', () => {
  let nats: TestNats;
  let both: [Profiles, Profiles];
  let count: () => Promise<number>;
  const conflicts = { code: 'CONFLICT' };
  let requests = 0;
  const request = (): string => `r${++requests}`;
  let people = 0;
  const somebody = (): string => `p${++people}@example.com`;

  before(async () => {
    nats = await startTestNats();
    const open = async (): Promise<Profiles> => {
      const bus = await nats.accounts();
      const store = await bus.store(stores.accountProfiles);
      count = () => store.count();
      return new Profiles({ store, people: plainKeys });
    };
    both = [await open(), await open()];
  });
  after(() => nats.stop());

  it('are made once: not by another request, and again by the same one', async () => {
    const [a, b] = both;
    const email = somebody();
    const made = await a.create(email, 'first');
    assert.deepEqual(await b.create(email, 'first'), made);
    await assert.rejects(b.create(email, 'second'), { code: 'ALREADY_EXISTS' });
    await a.update(email, { change: { age: 1 }, request: request() });
    assert.equal((await b.create(email, 'first')).profile.age, 1);
  });

  it('take changes of different fields at the same time, and keep each', async () => {
    const [a, b] = both;
    const email = somebody();
    await a.create(email, request());
    await Promise.all([
      a.update(email, { change: { username: 'ada' }, request: request() }),
      b.update(email, { change: { age: 36 }, request: request() }),
      a.update(email, { change: { sex: 2 }, request: request() }),
      b.update(email, { change: { headImage: 'data:,' }, request: request() }),
    ]);
    assert.deepEqual((await b.get(email))?.profile, {
      username: 'ada',
      age: 36,
      sex: 2,
      headImage: 'data:,',
    });
  });

  it('let one of many win who expect the same revision', async () => {
    const email = somebody();
    const { revision } = await both[0].create(email, request());
    const tries = [0, 1, 2, 3, 4, 5].map((age) =>
      both[age % 2 === 0 ? 0 : 1].update(email, { change: { age }, expected: revision, request: request() }),
    );
    const outcomes = await Promise.allSettled(tries);
    const won = outcomes.flatMap((outcome, age) => (outcome.status === 'fulfilled' ? [age] : []));
    assert.equal(won.length, 1);
    assert.equal((await both[1].get(email))?.profile.age, won[0]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'CONFLICT');
    }
  });

  it('change once for a request that comes again, even when others changed them since', async () => {
    const [a, b] = both;
    const email = somebody();
    const { revision } = await a.create(email, request());
    const first = { change: { age: 1 }, expected: revision, request: 'again' };
    const done = await a.update(email, first);
    await b.update(email, { change: { age: 2 }, request: request() });
    assert.equal((await b.update(email, first)).revision, done.revision);
    assert.equal((await a.get(email))?.profile.age, 2);
  });

  it('never take a revision of one that is gone for one of its successor', async () => {
    const [a, b] = both;
    const email = somebody();
    const { revision } = await a.create(email, request());
    await a.delete(email);
    await b.create(email, request());
    await assert.rejects(
      a.update(email, { change: { age: 1 }, expected: revision, request: request() }),
      conflicts,
    );
  });

  it('leave no more than their key in the bucket when they are removed', async () => {
    const [a, b] = both;
    const email = somebody();
    const kept = await count();
    await a.create(email, request());
    await b.update(email, { change: { username: 'ada' }, request: request() });
    assert.equal(await count(), kept + 1);
    await a.delete(email);
    await b.delete(email);
    assert.equal(await count(), kept + 1);
    assert.equal(await b.get(email), undefined);
    await assert.rejects(b.update(email, { change: {}, request: request() }), { code: 'NOT_FOUND' });
  });

  it('are no more than there may be', async () => {
    const bus = await nats.accounts();
    const store = await bus.store(stores.accountProfiles);
    const few = new Profiles({ store, people: plainKeys, most: await store.count() });
    await assert.rejects(few.create(somebody(), request()), { code: 'TOO_MANY' });
  });
});
