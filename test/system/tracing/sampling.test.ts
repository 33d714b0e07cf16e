import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readTraceparent } from '../../../src/tracing/context.js';
import { TracedStage, tracedTo } from './stage.js';

const calls = 60;

let stage: TracedStage;
before(async () => {
  const half = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' };
  stage = await TracedStage.start(half);
  await stage.agent('cellar', { ...tracedTo(stage.collector.url), ...half });
});
after(() => stage.stop());

it('records the share of calls that it was told to, whole or not at all, and tells the server which', async () => {
  const told = await Promise.all(
    Array.from({ length: calls }, async () => {
      const call = stage.call('cellar', 'Well');
      await call.over;
      assert.equal(call.status, '0');
    }),
  ).then(() => stage.server.heard.map(({ traceparent }) => readTraceparent(String(traceparent))));
  assert.equal(told.length, calls);
  assert.equal(new Set(told.map((one) => one?.traceId)).size, calls, 'a trace each');
  const sampled = told.filter((one) => one?.sampled);
  // Fewer than 8 or more than 52 of 60 at one half: less than once in 10^8 runs.
  assert.ok(sampled.length >= 8 && sampled.length <= 52, `${sampled.length} of ${calls}`);
  const spans = await stage.spans(2 * sampled.length, () => true);
  assert.equal(spans.length, 2 * sampled.length);
  for (const one of sampled) {
    const both = spans.filter(({ traceId }) => traceId === one?.traceId);
    assert.deepEqual(both.map(({ kind }) => kind).sort(), ['client', 'server']);
  }
});

it('records what its caller records, whatever the share', async () => {
  const begun = Array.from({ length: 20 }, (_, at) => String(at + 10).repeat(16));
  await Promise.all(
    begun.map(
      (trace) => stage.call('cellar', 'Well', { traceparent: `00-${trace}-b7ad6b7169203331-01` }).over,
    ),
  );
  await stage.spans(2 * begun.length, ({ traceId }) => begun.includes(traceId));
});
