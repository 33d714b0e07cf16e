import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { startLocalProxy } from '../../../src/client/local-proxy.js';
import { createLogger } from '../../../src/log.js';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { testLog, until } from '../../support/nats.js';
import { frame, OldNode, playClient, transcript } from './old-programs.js';

/** `status: START_SUCCESS` with the prefix of a gRPC message. */
const success = Buffer.from('00000000020802', 'hex');

describe('programs of before', { timeout: 120_000 }, () => {
  let stage: TunnelStage;
  let logged = '';
  const log = createLogger(
    'trace',
    {},
    {
      write: (line: string) => {
        logged += line;
      },
    },
  );

  before(async () => {
    stage = await TunnelStage.make({ legacyTunnels: [{ node: 'testserver', from: ['127.0.0.1'] }] }, log);
  });
  after(() => stage.stop());

  /** Calls external.Fluentd/Start of a node. */
  const start = (node: string, more: Record<string, string> = {}) =>
    new Promise<{ answer: Buffer | undefined; status: StatusObject }>((resolve) => {
      const client = new Client(stage.hub.address, credentials.createInsecure());
      const metadata = new Metadata();
      for (const [name, value] of Object.entries({ name: node, ...more })) metadata.set(name, value);
      metadata.set('authorization', `Bearer ${stage.hub.adminToken}`);
      const same = (bytes: Buffer): Buffer => bytes;
      let answer: Buffer | undefined;
      client
        .makeUnaryRequest('/external.Fluentd/Start', same, same, Buffer.alloc(0), metadata, (_, bytes) => {
          answer = bytes;
        })
        .on('status', (status) => {
          client.close();
          setImmediate(() => resolve({ answer, status }));
        });
    });

  it('a node joins by a legacy grant and answers, through messages of at most 512 bytes', async () => {
    const node = await OldNode.join(stage.hub.address);
    await stage.inState('testserver', 'connected.idle');
    const [{ answer, status }, asked] = await Promise.all([
      start('testserver', { 'x-long': 'abcd'.repeat(1_000) }),
      node.answerOneCall(),
    ]);
    assert.equal(status.code, 0, status.details);
    assert.deepEqual(answer, success.subarray(5));
    const headers = asked.find(({ type }) => type === frame.headers);
    assert.ok((headers?.body.length ?? 0) > 512, 'one HEADERS frame is longer than one message may be');
    assert.ok(Math.max(...node.messages) <= 512, `${Math.max(...node.messages)} bytes`);
    node.kill();
    await stage.inState('testserver', 'lost');
  });

  it('a node with a token in its URL joins, and the token is in no line of the log', async () => {
    const token = await joinToken(stage.hub, 'tokened');
    const wrong = `${token.slice(0, -4)}oops`;
    await assert.rejects(OldNode.join(stage.hub.address, `?token=${wrong}`, 'tokened'), /HTTP 403/);
    const node = await OldNode.join(stage.hub.address, `?token=${token}`, 'tokened');
    await stage.inState('tokened', 'connected.idle');
    const [{ status }] = await Promise.all([start('tokened'), node.answerOneCall()]);
    assert.equal(status.code, 0, status.details);
    node.kill();
    await stage.inState('tokened', 'lost');
    await assert.rejects(OldNode.join(stage.hub.address, '', 'tokened'), /HTTP 401/);
    await until('the log tells of the node', () => logged.includes('"node":"tokened"'));
    for (const secret of [token, wrong]) assert.ok(!logged.includes(secret), secret);
  });

  it('a client has its answers where a proxy shows its token, and is refused where none does', async () => {
    const node = await OldNode.join(stage.hub.address);
    await stage.inState('testserver', 'connected.idle');
    const target = { address: stage.hub.address, from: 'a test', token: stage.hub.adminToken };
    const proxy = await startLocalProxy({ listen: ['127.0.0.1:0'], node: undefined, target, log: testLog });
    const address = proxy.addresses[0] ?? assert.fail();
    const [answer] = await Promise.all([playClient(address, 'client-3'), node.answerOneCall()]);
    const then = (await transcript('client-3')).filter(({ from }) => from === 'hub').map(({ hex }) => hex);
    assert.ok(then.join('').includes(success.toString('hex')), 'the transcript has the same answer');
    const data = answer.filter(({ type }) => type === frame.data).map(({ body }) => body);
    assert.deepEqual(Buffer.concat(data), success);
    assert.equal(answer.at(-1)?.type, frame.headers, 'trailers end it');

    const nobody = await playClient(address, 'client-4');
    assert.deepEqual(
      nobody.map(({ type }) => type),
      [frame.headers],
      'one block of headers refuses a node that is not there',
    );
    const unknown = await playClient(stage.hub.address, 'client-3');
    assert.deepEqual(
      unknown.map(({ type }) => type),
      [frame.headers],
    );
    await proxy.stop(1_000);
    node.kill();
  });
});
