import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Store } from '../../../src/bus/bus.js';
import type { RunEntry } from '../../../src/bus/run-messages.js';
import { stores } from '../../../src/bus/subjects.js';
import { RunLedger } from '../../../src/controller/runs/ledger.js';
import { Superseded } from '../../../src/controller/steps/step.js';
import { startTestNats, type TestNats, testLog } from '../../support/nats.js';

describe('the entry of a run', () => {
  let nats: TestNats;
  let store: Store<RunEntry>;
  const { signal } = new AbortController();
  before(async () => {
    nats = await startTestNats();
    store = await (await nats.controller()).store(stores.runs);
  });
  after(() => nats?.stop());

  async function begun(run: string) {
    const entry: RunEntry = {
      ...{ v: 1, run, startedBy: 'alice', startedAtMs: 1, scenario: '', warnings: [], reasons: [] },
      ...{ lease: { controller: 'first', term: 1, beat: 0 }, events: [], phases: [] },
    };
    const revision = await store.create(run, entry);
    let superseded = 0;
    const ledger = new RunLedger({ store, entry, revision, superseded: () => superseded++, log: testLog });
    return { ledger, entry, revision, superseded: () => superseded };
  }

  const stored = async (run: string) => (await store.get(run))?.value;

  test('is not written any more by one that another has taken over from', async () => {
    const { ledger, superseded } = await begun('taken');
    await ledger.change(() => ({ scenario: 'one' }), signal);
    const found = await store.get('taken');
    assert.ok(found !== undefined);
    const lease = { controller: 'second', term: 2, beat: 0 };
    await store.update('taken', { ...found.value, lease }, found.revision);
    await assert.rejects(
      ledger.change(() => ({ scenario: 'two' }), signal),
      Superseded,
    );
    assert.equal(superseded(), 1);
    await ledger.beat();
    await ledger.release('nobody');
    const { scenario, lease: kept } = (await stored('taken')) ?? assert.fail('it is gone');
    assert.deepEqual([scenario, kept], ['one', lease]);
  });

  test('is not written any more by its own controller of an earlier term', async () => {
    const { ledger, entry, revision } = await begun('again');
    await store.update('again', { ...entry, lease: { ...entry.lease, term: 3 } }, revision);
    await assert.rejects(
      ledger.change(() => ({ scenario: 'two' }), signal),
      Superseded,
    );
  });

  test('keeps a wish to end the run that came between, and what is written then', async () => {
    const { ledger, entry, revision, superseded } = await begun('stop');
    const stop = { by: 'bob', reason: 'enough', atMs: 5 };
    await store.update('stop', { ...entry, stop }, revision);
    await ledger.change(() => ({ scenario: 'one' }), signal);
    assert.deepEqual(ledger.entry.stop, stop);
    const { scenario, stop: kept } = (await stored('stop')) ?? assert.fail('it is gone');
    assert.deepEqual([scenario, kept], ['one', stop]);
    assert.equal(superseded(), 0);
  });

  test('that is gone is not made again', async () => {
    const { ledger, superseded } = await begun('gone');
    await store.delete('gone');
    await assert.rejects(
      ledger.change(() => ({ scenario: 'one' }), signal),
      Superseded,
    );
    assert.equal(superseded(), 1);
    assert.equal(await stored('gone'), undefined);
  });

  test('can be had by anybody once it was given away', async () => {
    const { ledger } = await begun('given');
    await ledger.release('nobody');
    assert.equal((await stored('given'))?.lease.controller, 'nobody');
  });
});
