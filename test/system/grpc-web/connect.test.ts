import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { type Field, valuesOf } from '../../support/differential/fields.js';
import { versions, webCall } from '../../support/grpc-web/client.js';
import { ConnectClient, failureOf } from '../../support/grpc-web/connect.js';
import { node, startWebStage, type WebStage } from '../../support/grpc-web/stage.js';
import { eventually } from '../../support/processes.js';
import { prompt } from '../../support/prompt.js';

let stage: WebStage;
let client: ConnectClient;

before(async () => {
  stage = await startWebStage();
  client = new ConnectClient(stage.hub, stage.metadata);
});
after(() => stage.stop());

describe("connect's client of gRPC-web, through hub, bus and agent", () => {
  test('makes an empty and a large unary call', async () => {
    assert.deepEqual((await client.unary('EmptyCall', {})).messages, [{}]);
    const payload = { body: Buffer.alloc(271_828).toString('base64') };
    const { messages } = await client.unary('UnaryCall', { responseSize: 314_159, payload });
    assert.deepEqual(messages, [{ payload: { body: Buffer.alloc(314_159).toString('base64') } }]);
  });

  test('hears a server stream, message by message', async () => {
    const responseParameters = [{ size: 31_415 }, { size: 9 }, { size: 2_653, intervalUs: 1_000 }];
    const { messages } = await client.stream('StreamingOutputCall', { responseParameters });
    assert.deepEqual(
      messages,
      responseParameters.map(({ size }) => ({ payload: { body: Buffer.alloc(size).toString('base64') } })),
    );
  });

  test('sends metadata and gets it, at the head and at the end', async () => {
    const metadata = {
      'x-grpc-test-echo-initial': 'test_initial_metadata_value',
      'x-grpc-test-echo-trailing-bin': Buffer.from('ababab', 'hex').toString('base64'),
    };
    const { header, trailer } = await client.unary('UnaryCall', { responseSize: 3 }, { metadata });
    assert.equal(header.get('x-grpc-test-echo-initial'), 'test_initial_metadata_value');
    assert.equal(trailer.get('x-grpc-test-echo-trailing-bin')?.replace(/=+$/, ''), 'q6ur');
  });

  test('hears errors with their message, of servers and of Postern', async () => {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
    const told = await failureOf(client.unary('UnaryCall', { responseStatus: { code: 2, message } }));
    assert.equal(told.code, Code.Unknown);
    assert.equal(told.rawMessage, message);
    assert.equal(told.metadata.get('x-postern-error'), null);

    const unknown = new ConnectClient(stage.hub, { ...stage.metadata, 'x-postern-node': 'nowhere' });
    const refused = await failureOf(unknown.unary('EmptyCall', {}));
    assert.equal(refused.code, Code.Unavailable);
    assert.equal(refused.metadata.get('x-postern-error'), 'NODE_UNKNOWN');

    const nobody = new ConnectClient(stage.hub, { 'x-postern-node': node });
    assert.equal((await failureOf(nobody.unary('EmptyCall', {}))).code, Code.Unauthenticated);
    const forged = new ConnectClient(stage.hub, { ...stage.metadata, authorization: 'Bearer a.b.c' });
    assert.equal((await failureOf(forged.unary('EmptyCall', {}))).code, Code.Unauthenticated);
  });

  test('ends at its deadline, before an answer and within a stream', async () => {
    const responseParameters = [{ size: 1 }, { size: 1, intervalUs: 20_000_000 }];
    const heard: unknown[] = [];
    const since = performance.now();
    const late = await failureOf(
      client.stream(
        'StreamingOutputCall',
        { responseParameters },
        { timeoutMs: 3_000, heard: (message) => heard.push(message) },
      ),
    );
    assert.equal(late.code, Code.DeadlineExceeded);
    assert.equal(heard.length, 1);
    assert.ok(performance.now() - since < 12_000);
  });

  test('cancels a stream, and the server hears of it within 500 ms', async () => {
    await prompt(500, 'the server hears of it', async () => {
      const abort = new AbortController();
      const { counters } = stage.server;
      const before = counters.cancelled;
      let since = Number.POSITIVE_INFINITY;
      const heard = (): void => {
        since = performance.now();
        abort.abort();
      };
      const responseParameters = [{ size: 1 }, { size: 1, intervalUs: 60_000_000 }];
      const cancelled = failureOf(
        client.stream('StreamingOutputCall', { responseParameters }, { signal: abort.signal, heard }),
      );
      assert.equal((await cancelled).code, Code.Canceled);
      await eventually('the server hears of it', () => counters.cancelled > before, { everyMs: 5 });
      return performance.now() - since;
    });
  });

  test('reaches the hub itself: health without a token, its services with one', async () => {
    for (const version of versions) {
      const own = (path: string, headers: readonly Field[] = []) =>
        webCall({ address: stage.hub, version, path, headers }, Buffer.alloc(5));
      const health = await own('/grpc.health.v1.Health/Check');
      // Field 1 is SERVING.
      assert.deepEqual(health.messages, [Buffer.of(8, 1)]);
      assert.deepEqual(valuesOf(health.trailers ?? [], 'grpc-status'), ['0']);
      const nodes = await own('/postern.v1.NodesService/ListNodes', [
        ['authorization', `Bearer ${stage.token}`],
      ]);
      assert.match(String(nodes.messages[0]), /cellar/);
      const refused = await own('/postern.v1.NodesService/ListNodes');
      assert.deepEqual(valuesOf(refused.fields, 'grpc-status'), ['16']);
    }
  });
});
