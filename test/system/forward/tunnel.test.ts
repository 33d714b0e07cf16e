import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { readToEnd, startTarget, type TargetServer, writeAll } from './stage.js';

describe('a forward through a tunnel', { timeout: 180_000 }, () => {
  let stage: TunnelStage;
  let echo: TargetServer;

  before(async () => {
    stage = await TunnelStage.make();
    echo = await startTarget((socket) => socket.pipe(socket));
    const port = Number(echo.address.split(':')[1]);
    stage.join('cellar', port, { token: await joinToken(stage.hub, 'cellar') });
    await stage.inState('cellar', 'connected.idle');
  });
  after(async () => {
    await stage.stop();
    await echo.stop();
  });

  const open = async (more: Record<string, string>) => {
    const [host, port] = stage.hub.address.split(':');
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => {}); // 'close' follows
    socket.write(`${JSON.stringify({ token: stage.hub.adminToken, node: 'cellar', ...more })}\n`);
    const [line] = await once(socket, 'data');
    socket.pause();
    return { socket, answer: JSON.parse(String(line)) as Record<string, unknown> };
  };

  it("leads to the node's own server, byte by byte, many at once", async () => {
    await Promise.all(
      [1, 700_001, 5_000_000, 0].map(async (bytes) => {
        const { socket, answer } = await open({});
        assert.deepEqual(answer, { ok: true });
        const [sent, got] = await Promise.all([writeAll(socket, bytes), readToEnd(socket)]);
        assert.deepEqual(got, { bytes, hash: sent });
      }),
    );
  });

  it('leads nowhere else', async () => {
    const before = echo.accepted.length;
    const { socket, answer } = await open({ target: echo.address });
    assert.deepEqual([answer.ok, answer.code], [false, 'TARGET_REFUSED']);
    assert.match(String(answer.message), /has a tunnel, which leads to its own server alone/);
    await once(socket.resume(), 'end');
    socket.end();
    assert.equal(echo.accepted.length, before);
  });
});
