import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../support/processes.js';
import { scrape } from '../../support/scrape.js';
import { TracedStage } from './stage.js';

/** Calls that fill several batches of 16. */
const calls = 200;

/** The hub sends small batches, so that few calls fill its queue. */
const small = {
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
  OTEL_BSP_MAX_QUEUE_SIZE: '64',
};

let stage: TracedStage;
before(async () => {
  stage = await TracedStage.start(small);
  await stage.agent('cellar', {});
});
after(() => stage.stop());

async function callMany(): Promise<void> {
  const all = Array.from({ length: calls }, () => stage.call('cellar', 'Well'));
  await Promise.all(all.map(({ over }) => over));
  for (const { status } of all) assert.equal(status, '0');
}

async function count(what: string): Promise<number> {
  const samples = await scrape(String(stage.hub.ready.metrics));
  return samples.get(`postern_trace_spans_total{what="${what}"}`) ?? -1;
}

const complaints = (): number => stage.hub.stderr().split('traces are not taken').length - 1;

describe('a collector that', () => {
  it('fails harms no call and is complained of once', async () => {
    stage.collector.mood = 'fails';
    await callMany();
    await eventually('spans are lost', async () => (await count('lost')) > 0);
    await callMany();
    await eventually('more are lost', async () => (await count('lost')) > 16);
    assert.equal(complaints(), 1);
  });

  it('takes spans again is told of once, and what waited was not more than the queue holds', async () => {
    assert.ok((await count('ended')) >= 2 * calls);
    stage.collector.mood = 'takes';
    await stage.called('cellar', 'Well');
    await eventually('it is told', () => stage.hub.stderr().includes('traces are taken again'));
    // The queue, the batch that was on its way, and this call.
    const most = 64 + 16 + 1;
    const taken = await eventually('all that waited came', async () => {
      const before = await count('taken');
      await new Promise((resolve) => setTimeout(resolve, 500));
      return (await count('taken')) === before ? before : undefined;
    });
    assert.ok(taken > 0 && taken <= most, `${taken} spans`);
    assert.equal(complaints(), 1);
  });

  it('never answers harms no call, and does not keep the hub from ending', async () => {
    stage.collector.mood = 'hangs';
    const before = stage.collector.requests;
    await callMany();
    await eventually('it was asked', () => stage.collector.requests > before);
    const since = performance.now();
    stage.session.close();
    assert.equal(await stage.hub.stop('SIGTERM', 30_000), 0);
    assert.ok(performance.now() - since < 12_000, `${performance.now() - since} ms`);
  });
});
