import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FileRegistry, JsonValue } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { jsonMessage } from '../../src/client/codecs/message-text.js';
import { type DescriptorSource, findMethod } from '../../src/client/descriptors.js';
import { callDynamic } from '../../src/client/dynamic-call.js';
import { connectHub, type HubConnection } from '../../src/client/hub-connection.js';
import { MessageJson } from '../../src/client/message-json.js';
import { parseMetadata } from '../../src/client/metadata.js';
import { reflectionSource } from '../../src/client/reflection-source.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { eventually } from '../support/processes.js';

let server: InteropServer;
let connection: HubConnection;
let source: DescriptorSource;

before(async () => {
  server = await startInteropServer();
  connection = await connectHub({ address: server.address, from: 'a test', token: undefined }, 5_000);
  source = reflectionSource(connection.client, new Metadata());
});

after(async () => {
  source.close();
  connection.close();
  await server.stop();
});

interface Made {
  readonly code: number;
  readonly details: string;
  readonly answers: JsonValue[];
  readonly head: Metadata | undefined;
  readonly trailers: Metadata;
}

async function make(
  name: string,
  requests: Iterable<JsonValue> | AsyncIterable<JsonValue>,
  options: { headers?: string[]; deadlineMs?: number; signal?: AbortSignal; onMessage?: () => void } = {},
): Promise<Made> {
  const {
    method,
    registry,
  }: { method: Parameters<typeof callDynamic>[0]['method']; registry: FileRegistry } = await findMethod(
    source,
    `grpc.testing.TestService/${name}`,
  );
  const answers: JsonValue[] = [];
  let head: Metadata | undefined;
  const end = await callDynamic({
    client: connection.client,
    method,
    metadata: await parseMetadata(options.headers ?? []),
    messages: new MessageJson(source, registry, { emitDefaults: false }),
    requests: (async function* () {
      for await (const json of requests) yield jsonMessage(json);
    })(),
    deadlineMs: options.deadlineMs ?? Date.now() + 10_000,
    signal: options.signal ?? new AbortController().signal,
    onHead: (metadata) => {
      head = metadata;
    },
    onMessage: (json) => {
      answers.push(json);
      options.onMessage?.();
    },
  });
  return { code: end.code, details: end.details, trailers: end.trailers, answers, head };
}

const zeros = (size: number): string => Buffer.alloc(size).toString('base64');

test('one request, one answer; without a request an empty one', async () => {
  const { code, answers } = await make('UnaryCall', [{ responseSize: 4 }]);
  assert.equal(code, status.OK);
  assert.deepEqual(answers, [{ payload: { body: zeros(4) } }]);
  assert.deepEqual((await make('EmptyCall', [])).answers, [{}]);
});

test('streams in, out and both ways', async () => {
  const counted = await make('StreamingInputCall', [
    { payload: { body: zeros(3) } },
    { payload: { body: zeros(5) } },
  ]);
  assert.deepEqual(counted.answers, [{ aggregatedPayloadSize: 8 }]);
  const many = await make('StreamingOutputCall', [{ responseParameters: [{ size: 1 }, { size: 2 }] }]);
  assert.deepEqual(many.answers, [{ payload: { body: zeros(1) } }, { payload: { body: zeros(2) } }]);
});

test('a request of a stream is sent when it comes, not when all are there', async () => {
  let release: () => void = () => {};
  const answered = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* requests(): AsyncGenerator<JsonValue> {
    yield { responseParameters: [{ size: 1 }] };
    await answered;
    yield { responseParameters: [{ size: 2 }] };
  }
  const { code, answers } = await make('FullDuplexCall', requests(), { onMessage: release });
  assert.equal(code, status.OK);
  assert.equal(answers.length, 2);
});

test('metadata goes both ways, text and binary', async () => {
  const { head, trailers } = await make('UnaryCall', [{}], {
    headers: ['x-grpc-test-echo-initial: hello', 'X-Grpc-Test-Echo-Trailing-Bin: AAEC'],
  });
  assert.deepEqual(head?.get('x-grpc-test-echo-initial'), ['hello']);
  assert.deepEqual(trailers.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0, 1, 2])]);
});

test('a status that is not OK is no exception, and answers before it are told', async () => {
  const failed = await make('FullDuplexCall', [
    { responseParameters: [{ size: 1 }] },
    { responseStatus: { code: 5, message: 'nö\n☺' } },
  ]);
  assert.equal(failed.code, status.NOT_FOUND);
  assert.equal(failed.details, 'nö\n☺');
  assert.equal(failed.answers.length, 1);
});

test('a deadline and a signal end the call, at the server too', async () => {
  const slow = { responseParameters: [{ size: 1, intervalUs: 20_000_000 }] };
  const late = await make('StreamingOutputCall', [slow], { deadlineMs: Date.now() + 150 });
  assert.equal(late.code, status.DEADLINE_EXCEEDED);
  const before = server.counters.cancelled;
  const controller = new AbortController();
  const call = make('FullDuplexCall', [{ responseParameters: [{ size: 1 }] }, slow], {
    signal: controller.signal,
    onMessage: () => controller.abort(),
  });
  assert.equal((await call).code, status.CANCELLED);
  await eventually('the server has heard of it', () => server.counters.cancelled > before);
});

test('the server may end a call whose requests never end', async () => {
  async function* endless(): AsyncGenerator<JsonValue> {
    yield { responseStatus: { code: 9, message: 'enough' } };
    await new Promise(() => {});
  }
  assert.equal((await make('FullDuplexCall', endless())).code, status.FAILED_PRECONDITION);
});

test('every mistake of a request is told with its path, and no call is made', async () => {
  const started = server.counters.started;
  const json = {
    respSize: 5,
    payload: { typ: 1, type: 'COMPRESSIBLE', body: '!' },
    responseSize: 'many',
    responseStatus: { code: 2.5 },
  };
  await assert.rejects(make('UnaryCall', [json]), (error: Error) => {
    assert.match(error.message, /the message does not fit grpc\.testing\.SimpleRequest:/);
    assert.match(
      error.message,
      /\n {2}respSize: unknown field of grpc\.testing\.SimpleRequest; it has responseSize/,
    );
    assert.match(
      error.message,
      /\n {2}payload\.typ: unknown field of grpc\.testing\.Payload; it has type, body/,
    );
    assert.match(
      error.message,
      /\n {2}payload\.type: 'COMPRESSIBLE' is no grpc\.testing\.PayloadType; it is one of COMPRESSABLE/,
    );
    assert.match(error.message, /\n {2}payload\.body: /);
    assert.match(error.message, /\n {2}responseSize: /);
    assert.match(error.message, /\n {2}responseStatus\.code: /);
    return true;
  });
  const list = { responseParameters: [{ size: 1 }, { size: 1, sise: 2 }] };
  await assert.rejects(
    make('StreamingOutputCall', [list]),
    /\n {2}responseParameters\[1\]\.sise: unknown field/,
  );
  await assert.rejects(make('UnaryCall', [{}, {}]), { code: 'TOO_MANY_MESSAGES', exitCode: 2 });
  assert.equal(server.counters.started, started);
});

test('enum numbers are taken, known or not', async () => {
  assert.equal((await make('UnaryCall', [{ responseType: 0, payload: { type: 7 } }])).code, status.OK);
});

test('a mistake in a later request of a stream cancels the call', async () => {
  await assert.rejects(make('FullDuplexCall', [{}, { nope: 1 }]), { code: 'MESSAGE_INVALID', exitCode: 2 });
  await eventually('no call is left', () => server.counters.open === 0);
});
