import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '@grpc/grpc-js';
import { LogsServiceService } from '../../../src/gen/postern/v1/logs.js';
import { bindGrpc } from '../../../src/wire/grpc-listener.js';
import { Fleet } from '../../support/fleet.js';

test('a node that says nothing of a log file is given up', async () => {
  const server = new Server();
  const asked = { readLog: () => {}, listLogs: () => {}, uploadLogs: () => {} };
  server.addService(LogsServiceService, asked);
  const port = await bindGrpc(server, '127.0.0.1:0');
  const fleet = await Fleet.make();
  try {
    await fleet.up();
    await fleet.agent('mute', [`127.0.0.1:${port}`]);
    const { code, stderr } = await fleet.postern(['logs', 'mute', 'app.log']);
    assert.equal(code, 1);
    assert.match(stderr, /told nothing of app\.log for 20 s/);
  } finally {
    server.forceShutdown();
    await fleet.stop();
  }
});
