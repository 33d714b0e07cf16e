import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GoogleClient } from '../../support/grpc-web/google.js';
import { node, startWebStage, type WebStage } from '../../support/grpc-web/stage.js';
import { eventually } from '../../support/processes.js';

let stage: WebStage;
before(async () => {
  stage = await startWebStage();
});
after(() => stage.stop());

const zeros = (size: number): string => Buffer.alloc(size).toString('base64');

for (const format of ['text', 'binary'] as const) {
  describe(`Google's client of gRPC-web in its ${format} form, through hub, bus and agent`, () => {
    const client = (more: Readonly<Record<string, string>> = {}): GoogleClient =>
      new GoogleClient(stage.hub, { ...stage.metadata, ...more }, format);

    test('makes an empty and a large unary call', async () => {
      const empty = await client().call('EmptyCall', {});
      assert.deepEqual([empty.error, empty.messages], [undefined, [{}]]);
      const large = await client().call('UnaryCall', {
        responseSize: 314_159,
        payload: { body: zeros(271_828) },
      });
      assert.deepEqual(large.messages, [{ payload: { body: zeros(314_159) } }]);
    });

    test('sends metadata and gets it', async () => {
      const metadata = { 'x-grpc-test-echo-initial': 'hello', 'x-grpc-test-echo-trailing-bin': 'q6ur' };
      const { initial, trailing } = await client().call('UnaryCall', { responseSize: 3 }, { metadata });
      assert.equal(initial['x-grpc-test-echo-initial'], 'hello');
      assert.equal(trailing['x-grpc-test-echo-trailing-bin'], 'q6ur');
    });

    test('hears errors, of servers and of Postern', async () => {
      const responseStatus = { code: 9, message: 'not ☺ now' };
      const told = await client().call('UnaryCall', { responseStatus });
      assert.deepEqual([told.error?.code, told.error?.message], [9, 'not ☺ now']);
      const refused = await client({ 'x-postern-node': 'nowhere' }).call('EmptyCall', {});
      assert.equal(refused.error?.code, 14);
      assert.match(refused.error?.message ?? '', /nowhere/);
      const nobody = await new GoogleClient(stage.hub, { 'x-postern-node': node }, format).call(
        'EmptyCall',
        {},
      );
      assert.equal(nobody.error?.code, 16);
    });

    test('ends at its deadline', async () => {
      const metadata = { deadline: String(Date.now() + 600) };
      const responseParameters = [{ size: 1, intervalUs: 30_000_000 }];
      const { error } = await client().call('StreamingOutputCall', { responseParameters }, { metadata });
      assert.equal(error?.code, 4);
    });
  });
}

describe("Google's client of gRPC-web, which streams in its text form", () => {
  const client = (): GoogleClient => new GoogleClient(stage.hub, stage.metadata, 'text');

  test('hears each message when it is there', async () => {
    const sizes = [31_415, 9, 2_653];
    const { counters } = stage.server;
    const open: number[] = [];
    // The last one comes so much later that a busy machine has brought the others by then.
    const pausesUs = [0, 300_000, 3_000_000];
    const { messages, error } = await client().call(
      'StreamingOutputCall',
      { responseParameters: sizes.map((size, i) => ({ size, intervalUs: pausesUs[i] ?? 0 })) },
      { heard: () => open.push(counters.open) },
    );
    assert.equal(error, undefined);
    assert.deepEqual(
      messages,
      sizes.map((size) => ({ payload: { body: zeros(size) } })),
    );
    assert.deepEqual(open.slice(0, 2), [1, 1], 'the server was at work still');
  });

  test('cancels a stream, and the server hears of it', async () => {
    const { counters } = stage.server;
    const before = counters.cancelled;
    const responseParameters = [{ size: 1 }, { size: 1, intervalUs: 60_000_000 }];
    await client().call('StreamingOutputCall', { responseParameters }, { heard: (_, cancel) => cancel() });
    await eventually('the server hears of it', () => counters.cancelled > before, { everyMs: 5 });
  });
});
