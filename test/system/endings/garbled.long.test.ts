import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFrameServer } from '../../support/frame-peer.js';
import { until } from '../../support/nats.js';
import { endStream, headers } from '../../wire/frames.js';
import { assertEnded, messageOf, nothingLeft, openCall, openStage } from './stage.js';

test('a server that garbles its connection amid calls makes them UNAVAILABLE, and the next connection is good', async (t) => {
  const server = await startFrameServer();
  const stage = await openStage([server.address]);
  t.after(async () => {
    await stage.stop();
    server.stop();
  });
  const client = await stage.client();
  const call = openCall(stage, client, '/t.S/Garbled');
  const peer = await server.connected(1);
  await peer.opened(0);
  peer.socket.write('this is no HTTP/2 frame, whatever you do with it; '.repeat(4));
  // Opened on a connection that is dead already.
  const late = openCall(stage, client, '/t.S/Late', {}, { endStream: true });
  await until('the call ends', () => call.stream.closed, 30_000);
  for (const closed of [call.closed, late.closed]) {
    const seen = await closed;
    assertEnded(seen, '14', 'a garbled connection');
    assert.match(messageOf(seen), /connection to the server at .* was lost: it broke HTTP\/2/);
  }
  const next = openCall(stage, client, '/t.S/Next', {}, { endStream: true });
  const better = await server.connected(2);
  const stream = await better.opened(0);
  const good = { ':status': '200', 'content-type': 'application/grpc', 'grpc-status': '0' };
  better.send(headers(stream, good, endStream));
  assertEnded(await next.closed, '0', 'the next call');
  await nothingLeft(stage);
});
