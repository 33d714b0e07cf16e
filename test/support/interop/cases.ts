import assert from 'node:assert/strict';
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { InteropClient, type InteropTarget, type OutputAnswer, statusOf } from './client.js';

export type { InteropTarget } from './client.js';

/** One of gRPC's interop cases; throws where the server, or what lies between, is not right. */
export type InteropCase = (target: InteropTarget) => Promise<void>;

/** Milliseconds within which every case must be over. */
const caseTimeoutMs = 10_000;

const largeRequest = 271_828;
const largeResponse = 314_159;
/** Sizes of the streaming cases, from gRPC's description of its interop tests. */
const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];
const specialMessage = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

function body(size: number): { body: Buffer } {
  return { body: Buffer.alloc(size) };
}

/** Options that end a call which hangs. */
function bounded(): { deadline: number } {
  return { deadline: Date.now() + caseTimeoutMs };
}

function withClient(run: (client: InteropClient) => Promise<void>): InteropCase {
  return async (target) => {
    const client = new InteropClient(target);
    try {
      await run(client);
    } finally {
      client.close();
    }
  };
}

function sizesOf(answers: readonly OutputAnswer[]): number[] {
  return answers.map((answer) => answer.payload?.body.length ?? 0);
}

async function next(call: AsyncIterator<OutputAnswer>): Promise<number> {
  const { value, done } = await call.next();
  assert.equal(done, false, 'the stream has ended too early');
  return value.payload?.body.length ?? 0;
}

/** The client-side cases, by their names in gRPC's description. */
export const interopCases: Readonly<Record<string, InteropCase>> = {
  empty_unary: withClient(async (client) => {
    const { error, value } = await client.emptyCall(undefined, bounded());
    assert.ifError(error);
    assert.deepEqual(value, {});
  }),

  large_unary: withClient(async (client) => {
    const request = { responseSize: largeResponse, payload: body(largeRequest) };
    const { error, value } = await client.unaryCall(request, undefined, bounded());
    assert.ifError(error);
    assert.equal(value?.payload?.body.length, largeResponse);
  }),

  client_streaming: withClient(async (client) => {
    const { call, outcome } = client.streamingInputCall(undefined, bounded());
    for (const size of requestSizes) call.write({ payload: body(size) });
    call.end();
    const { error, value } = await outcome;
    assert.ifError(error);
    assert.equal(value?.aggregatedPayloadSize, 74_922);
  }),

  server_streaming: withClient(async (client) => {
    const request = { responseParameters: responseSizes.map((size) => ({ size })) };
    const call = client.streamingOutputCall(request, undefined, bounded());
    const ended = statusOf(call);
    const answers: OutputAnswer[] = [];
    for await (const answer of call) answers.push(answer);
    assert.deepEqual(sizesOf(answers), responseSizes);
    assert.equal((await ended).code, status.OK);
  }),

  ping_pong: withClient(async (client) => {
    const call = client.fullDuplexCall(undefined, bounded());
    const ended = statusOf(call);
    const answers: AsyncIterator<OutputAnswer> = call[Symbol.asyncIterator]();
    for (const [index, size] of responseSizes.entries()) {
      call.write({ responseParameters: [{ size }], payload: body(requestSizes[index] ?? 0) });
      assert.equal(await next(answers), size);
    }
    call.end();
    assert.equal((await answers.next()).done, true);
    assert.equal((await ended).code, status.OK);
  }),

  empty_stream: withClient(async (client) => {
    const call = client.fullDuplexCall(undefined, bounded());
    const ended = statusOf(call);
    call.on('data', () => assert.fail('a response that nobody asked for'));
    call.end();
    assert.equal((await ended).code, status.OK);
  }),

  cancel_after_begin: withClient(async (client) => {
    const { call, outcome } = client.streamingInputCall(undefined, bounded());
    call.cancel();
    assert.equal((await outcome).status.code, status.CANCELLED);
  }),

  cancel_after_first_response: withClient(async (client) => {
    const call = client.fullDuplexCall(undefined, bounded());
    const ended = statusOf(call);
    call.write({ responseParameters: [{ size: 31_415 }], payload: body(27_182) });
    await once(call, 'data');
    call.cancel();
    assert.equal((await ended).code, status.CANCELLED);
  }),

  timeout_on_sleeping_server: withClient(async (client) => {
    const call = client.fullDuplexCall(undefined, { deadline: Date.now() + 200 });
    const ended = statusOf(call);
    call.on('data', () => assert.fail('the server did not sleep'));
    call.write({ responseParameters: [{ size: 8, intervalUs: 20_000_000 }], payload: body(27_182) });
    assert.equal((await ended).code, status.DEADLINE_EXCEEDED);
  }),

  status_code_and_message: withClient(async (client) => {
    const responseStatus = { code: status.UNKNOWN, message: 'test status message' };
    const unary = await client.unaryCall({ responseStatus }, undefined, bounded());
    assert.equal(unary.status.code, status.UNKNOWN);
    assert.equal(unary.status.details, 'test status message');
    const call = client.fullDuplexCall(undefined, bounded());
    const ended = statusOf(call);
    call.on('data', () => {});
    call.write({ responseStatus });
    call.end();
    assert.equal((await ended).code, status.UNKNOWN);
    assert.equal((await ended).details, 'test status message');
  }),

  special_status_message: withClient(async (client) => {
    const responseStatus = { code: status.UNKNOWN, message: specialMessage };
    const { status: ended } = await client.unaryCall({ responseStatus }, undefined, bounded());
    assert.equal(ended.code, status.UNKNOWN);
    assert.equal(ended.details, specialMessage);
  }),

  unimplemented_method: withClient(async (client) => {
    const { status: ended } = await client.callPath('/grpc.testing.TestService/UnimplementedCall');
    assert.equal(ended.code, status.UNIMPLEMENTED);
  }),

  unimplemented_service: withClient(async (client) => {
    const { status: ended } = await client.callPath('/grpc.testing.UnimplementedService/UnimplementedCall');
    assert.equal(ended.code, status.UNIMPLEMENTED);
  }),

  custom_metadata: withClient(async (client) => {
    const initial = 'test_initial_metadata_value';
    const trailing = Buffer.from('ababab', 'hex');
    const metadata = client.metadata({
      'x-grpc-test-echo-initial': initial,
      'x-grpc-test-echo-trailing-bin': trailing,
    });
    const unary = await client.unaryCall(
      { responseSize: largeResponse, payload: body(largeRequest) },
      metadata,
      bounded(),
    );
    assert.ifError(unary.error);
    assert.deepEqual(unary.initial.get('x-grpc-test-echo-initial'), [initial]);
    assert.deepEqual(unary.status.metadata.get('x-grpc-test-echo-trailing-bin'), [trailing]);

    const call = client.fullDuplexCall(metadata, bounded());
    const ended = statusOf(call);
    const head = once(call, 'metadata');
    call.on('data', () => {});
    call.write({ responseParameters: [{ size: largeResponse }], payload: body(largeRequest) });
    call.end();
    const [received] = await head;
    assert.deepEqual(received.get('x-grpc-test-echo-initial'), [initial]);
    assert.deepEqual((await ended).metadata.get('x-grpc-test-echo-trailing-bin'), [trailing]);
  }),
};
