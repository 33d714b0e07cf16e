import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readTraceparent } from '../../../src/tracing/context.js';
import type { CollectedSpan } from '../../support/otlp-collector.js';
import { eventually } from '../../support/processes.js';
import { TracedStage, tracedTo } from './stage.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';

let stage: TracedStage;
before(async () => {
  stage = await TracedStage.start({
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=cellars',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  });
  await stage.agent('cellar', { ...tracedTo(stage.collector.url), OTEL_SERVICE_NAME: 'cellar-agent' });
  await stage.agent('plain', {});
});
after(() => stage.stop());

const isOf = (trace: string) => (span: CollectedSpan) => span.traceId === trace;
const isAt = (service: string) => (span: CollectedSpan) => span.service === service;

/** The spans of hub and agent in one trace. */
async function pairOf(trace: string): Promise<{ hub: CollectedSpan; agent: CollectedSpan }> {
  const both = await stage.spans(2, isOf(trace));
  const hub = both.find(isAt('postern-hub'));
  const agent = both.find(isAt('cellar-agent'));
  assert.ok(hub !== undefined && agent !== undefined && both.length === 2);
  return { hub, agent };
}

/** Starts a call of a trace of its own, as a client that records it does. */
const begunBy = (trace: string) => ({ traceparent: `00-${trace}-${callerSpan}-01` });

describe('a call through a hub and an agent that trace', () => {
  it('has a span at each, one below the other, and the server is told of the agent’s', async () => {
    const beforeMs = Date.now();
    const { status, heard } = await stage.called('cellar', 'Well');
    assert.equal(status, '0');
    const told = readTraceparent(String(heard?.traceparent));
    assert.ok(told?.sampled);
    const { hub, agent } = await pairOf(told.traceId);
    assert.equal(hub.parent, '');
    assert.equal(agent.parent, hub.spanId);
    assert.equal(told.spanId, agent.spanId);
    assert.deepEqual([hub.kind, agent.kind], ['server', 'client']);
    for (const span of [hub, agent]) {
      assert.equal(span.name, 'raw.Test/Well');
      assert.equal(span.facts['rpc.system'], 'grpc');
      assert.equal(span.facts['rpc.service'], 'raw.Test');
      assert.equal(span.facts['rpc.method'], 'Well');
      assert.equal(span.facts['rpc.grpc.status_code'], 0);
      assert.equal(span.facts['postern.node'], 'cellar');
      assert.match(String(span.facts['postern.instance']), /^\d+-/);
      assert.equal(span.error, false);
    }
    assert.equal(hub.facts['postern.instance'], agent.facts['postern.instance']);
    assert.equal(hub.facts['postern.caller'], 'ann');
    assert.ok(beforeMs - 1 <= hub.startMs && hub.startMs <= agent.startMs, 'begins above');
    // Where a span lies is known to the millisecond, how long it is much better.
    assert.ok(agent.endMs <= hub.endMs + 1 && hub.endMs <= Date.now() + 1, 'ends above');
    assert.equal(hub.resource['deployment.environment'], 'test');
    assert.equal(stage.collector.headers['content-type'], 'application/json');
    assert.equal(stage.collector.headers['x-tenant'], 'cellars');
  });

  it('stands below the span of a caller that traces, whose state passes', async () => {
    const headers = { ...begunBy(traceId), tracestate: 'congo=t61rcWkgMzE' };
    const { heard } = await stage.called('cellar', 'Well', headers);
    const { hub, agent } = await pairOf(traceId);
    assert.equal(hub.parent, callerSpan);
    assert.equal(agent.parent, hub.spanId);
    assert.equal(heard?.traceparent, `00-${traceId}-${agent.spanId}-01`);
    assert.equal(heard?.tracestate, 'congo=t61rcWkgMzE');
    assert.equal(hub.traceState, 'congo=t61rcWkgMzE');
  });

  it('leaves no span, and the metadata as they are, where its caller does not record it', async () => {
    const headers = { traceparent: `00-${'e'.repeat(32)}-${callerSpan}-00`, tracestate: 'congo=1' };
    const { heard } = await stage.called('cellar', 'Well', headers);
    assert.equal(heard?.traceparent, headers.traceparent);
    assert.equal(heard?.tracestate, 'congo=1');
    // a later one has come, so it would have too
    await stage.called('cellar', 'Well', begunBy('1'.repeat(32)));
    await pairOf('1'.repeat(32));
    assert.deepEqual(stage.collector.spans.filter(isOf('e'.repeat(32))), []);
  });

  it('begins a trace where what the caller says of one is not valid', async () => {
    const { heard } = await stage.called('cellar', 'Well', {
      traceparent: '00-xyz-01',
      tracestate: 'congo=1',
    });
    const told = readTraceparent(String(heard?.traceparent));
    assert.ok(told?.sampled);
    assert.equal(heard?.tracestate, undefined);
    const { hub } = await pairOf(told.traceId);
    assert.equal(hub.parent, '');
  });

  it('is found in the activity under the trace that its span is in', async () => {
    const { heard } = await stage.called('cellar', 'Known');
    const trace = readTraceparent(String(heard?.traceparent))?.traceId;
    assert.ok(trace !== undefined);
    await eventually('the event', async () => {
      const { stdout } = await stage.fleet.postern(['activity', '--since', '1h', '-o', 'jsonl']);
      return stdout.includes(trace) || undefined;
    });
  });
});

describe('the spans of a call that does not go well', () => {
  it('say what the server said, an error to the agent alone', async () => {
    const trace = '2'.repeat(32);
    assert.equal((await stage.called('cellar', 'Fail', begunBy(trace))).status, '5');
    const { hub, agent } = await pairOf(trace);
    assert.equal(hub.facts['rpc.grpc.status_code'], 5);
    assert.equal(agent.facts['rpc.grpc.status_code'], 5);
    assert.deepEqual([hub.error, agent.error], [false, true]);
  });

  it('end with CANCELLED where the caller goes', async () => {
    const trace = '3'.repeat(32);
    const call = stage.call('cellar', 'Hang', begunBy(trace));
    await eventually('the server', async () => stage.server.heard.at(-1)?.[':path'] === '/raw.Test/Hang');
    call.stream.close();
    const { hub, agent } = await pairOf(trace);
    assert.equal(hub.facts['rpc.grpc.status_code'], 1);
    assert.equal(agent.facts['rpc.grpc.status_code'], 1);
  });

  it('are one where the hub refuses it, with the reason', async () => {
    const trace = '4'.repeat(32);
    assert.equal((await stage.called('nowhere', 'Well', begunBy(trace))).status, '14');
    const [span] = await stage.spans(1, isOf(trace));
    assert.equal(span?.facts['postern.code'], 'NODE_UNKNOWN');
    assert.equal(span.facts['postern.node'], 'nowhere');
    assert.equal(span.facts['rpc.grpc.status_code'], 14);
    assert.equal(span.error, true);
    assert.match(span.errorText, /not known/);
  });
});

describe('a node whose callee is another', () => {
  it('hears the metadata as the client sent them from an agent that does not trace', async () => {
    const { heard } = await stage.called('plain', 'Well');
    assert.equal(heard?.traceparent, undefined);
    const trace = '5'.repeat(32);
    const again = await stage.called('plain', 'Well', begunBy(trace));
    assert.equal(again.heard?.traceparent, begunBy(trace).traceparent);
    const spans = await stage.spans(1, isOf(trace));
    assert.equal(spans.length, 1);
    assert.equal(spans[0]?.service, 'postern-hub');
  });

  it('has both spans from the hub where it comes by a tunnel', async () => {
    const { fleet, server } = stage;
    const args = [
      'serve',
      'loft',
      '--to',
      server.address,
      '--hub-uri',
      `ws://${await fleet.hubAddress()}/ws`,
    ];
    const token = await fleet.joinToken('loft');
    await fleet.start([...args, '--data', path.join(fleet.dir, 'loft')], { env: { POSTERN_TOKEN: token } });
    const trace = '6'.repeat(32);
    await eventually('the tunnel', async () => (await stage.called('loft', 'Well')).status === '0');
    const { heard } = await stage.called('loft', 'Well', begunBy(trace));
    const spans = await stage.spans(2, isOf(trace));
    const hub = spans.find(({ kind }) => kind === 'server');
    const callee = spans.find(({ kind }) => kind === 'client');
    assert.equal(callee?.parent, hub?.spanId);
    assert.equal(heard?.traceparent, `00-${trace}-${callee?.spanId}-01`);
    assert.equal(callee?.facts['postern.node'], 'loft');
  });
});
