import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { WatchedCalls } from '../../src/agent/watched-calls.js';
import type { Call, CallSink, CallTarget } from '../../src/rpc/call.js';
import { testLog } from '../support/nats.js';

const call: Call = { write: () => true, end() {}, cancel() {}, consumed() {} };
const sink: CallSink = { head() {}, data() {}, trailers() {}, reset() {}, drain() {} };
const head = { path: '/t.S/M', authority: '', metadata: [], timeoutMs: undefined, caller: '' };

it('counts what is no gRPC status as UNKNOWN, so that a server cannot fill the metrics', async () => {
  const metrics = new Registry();
  const answers: (readonly string[])[] = [
    ['grpc-status', '5'],
    ['x-about', 'grpc-status', 'grpc-status', '5'],
    [],
    ...['17', '99999', '-1', 'five', ''].map((text) => ['grpc-status', text]),
  ];
  const target: CallTarget = {
    open(_head, to) {
      to.trailers(answers.shift() ?? []);
      return call;
    },
  };
  const watched = new WatchedCalls(target, testLog, metrics);
  while (answers.length > 0) watched.open(head, sink);
  const counted = await metrics.getSingleMetric('postern_agent_calls_total')?.get();
  assert.deepEqual(
    counted?.values.map(({ labels, value }) => [labels.status, value]),
    [
      [5, 2],
      [2, 6],
    ],
  );
});
