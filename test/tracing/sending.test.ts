import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { startTracing } from '../../src/tracing/start.js';
import type { Tracing } from '../../src/tracing/tracing.js';
import { type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.js';
import { eventually } from '../support/processes.js';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const before = { ...process.env };
const lines: string[] = [];
const log = pino({ level: 'info' }, { write: (line) => lines.push(line) });
let collector: OtlpCollector;
const running: Tracing[] = [];

/** The SDK reads the environment of the process. */
async function traced(env: Record<string, string>): Promise<Tracing> {
  Object.assign(process.env, env);
  const tracing = await startTracing({ service: 'test', version: '1', env: process.env, log });
  assert.ok(tracing !== undefined);
  running.push(tracing);
  return tracing;
}

function spanOf(tracing: Tracing, path = '/raw.Test/Well'): void {
  tracing
    .begin({ kind: 'server', path, traceparent: undefined, tracestate: undefined })
    .end({ status: 0, message: '' });
}

beforeEach(async () => {
  lines.length = 0;
  collector = await startOtlpCollector();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await collector.stop();
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
});
after(() => Object.assign(process.env, before));

describe('spans on their way to a collector', () => {
  it('are not made where nobody asks for them', async () => {
    assert.equal(await startTracing({ service: 'test', version: '1', env: {}, log }), undefined);
  });

  it('are sent when the process ends, at the latest', async () => {
    const tracing = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (let i = 0; i < 3; i++) spanOf(tracing);
    assert.equal(collector.spans.length, 0);
    await tracing.stop();
    assert.equal(collector.spans.length, 3);
    assert.deepEqual(tracing.counts, { ended: 3, taken: 3, lost: 0 });
    assert.equal(collector.spans[0]?.service, 'test');
  });

  it('say of a path that somebody has made up no more than fits', async () => {
    const tracing = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    spanOf(tracing, `/x.Y/${'z'.repeat(100_000)}`);
    spanOf(tracing, '/x.Y/Z?token=secret');
    spanOf(tracing, '/postern.forward/127.0.0.1:22');
    await tracing.stop();
    assert.deepEqual(
      collector.spans.map(({ name }) => name.slice(0, 12)),
      ['x.Y/zzzzzzzz', 'x.Y/Z', 'forward'],
    );
    assert.equal(collector.spans[0]?.name.length, 256);
    assert.equal(collector.spans[2]?.facts['postern.forward.target'], '127.0.0.1:22');
  });

  it('take no more memory than the queue while the collector does not answer', async () => {
    collector.mood = 'hangs';
    const tracing = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (let i = 0; i < 10_000; i++) spanOf(tracing);
    await eventually('it was asked', () => collector.requests > 0);
    const some = heapBytes();
    for (let i = 0; i < 100_000; i++) {
      spanOf(tracing);
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const grown = heapBytes() - some;
    // Kept spans would be 1 kB each, 100 MB.
    assert.ok(grown < 10e6, `${grown} bytes more`);
    assert.equal(tracing.counts.ended, 110_000);
  });

  it('are given up within seconds where a collector does not answer and the process ends', async () => {
    collector.mood = 'hangs';
    const tracing = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    spanOf(tracing);
    const since = performance.now();
    await tracing.stop();
    const ms = performance.now() - since;
    assert.ok(ms > 2_500 && ms < 9_000, `${ms} ms`);
  });

  it('are lost where nobody listens, which is told once', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const address = free.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => free.close(resolve));
    const tracing = await traced({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    });
    spanOf(tracing);
    await eventually('one is lost', () => tracing.counts.lost === 1);
    spanOf(tracing);
    await eventually('another is lost', () => tracing.counts.lost === 2);
    // What was given up before may still be told of its collector, which is gone.
    const told = lines.filter((line) => line.includes(`ECONNREFUSED 127.0.0.1:${port}`));
    assert.equal(told.length, 1, lines.join(''));
    assert.match(told[0] ?? '', /traces are not taken.*/);
  });
});

function heapBytes(): number {
  assert.ok(typeof collect === 'function');
  collect();
  return process.memoryUsage().heapUsed;
}
