import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as startRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { eventually } from '../../support/processes.js';
import { type Service, type Stage, startService, startStage } from './stage.js';

describe('what is open at a service when its token ends', { timeout: 180_000 }, () => {
  let service: Service;
  let stage: Stage;
  before(async () => {
    service = await startService();
    stage = await startStage([
      `routes: [{name: api, host: api.test, to: 'http://127.0.0.1:${service.port}'},`,
      `  {name: brief, host: brief.test, to: 'http://127.0.0.1:${service.port}', timeoutSeconds: 3}]`,
    ]);
  });
  after(async () => {
    await stage.stop();
    service.stop();
  });
  const made = async () => {
    const token = await stage.fleet.callerToken('bob');
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return { token, id: String(jti) };
  };
  const revoke = async (id: string) => {
    const { code, stderr } = await stage.fleet.postern(['token', 'revoke', id]);
    assert.equal(code, 0, stderr);
  };
  const open = async (token: string, host = 'api.test') => {
    const socket = new WebSocket(`ws://${stage.address}/`, { headers: { host, jwt: token } });
    await once(socket, 'open');
    return socket;
  };

  it('is a WebSocket that is closed with 1008 and the reason', async () => {
    const { token, id } = await made();
    const socket = await open(token);
    const other = await open(await stage.token());
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
    const closed = once(socket, 'close');
    await revoke(id);
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1008, 'the token was revoked']);
    await eventually('the service hears of it', () => service.sockets.size === 1);
    other.send('still here');
    assert.equal(String((await once(other, 'message'))[0]), 'still here');
    other.close();
    await once(other, 'close');
  });

  it('is closed so when it expires, a minute for clocks allowed for', async () => {
    const socket = await open(await stage.token({ tokenId: 'short', expiresAtMs: Date.now() - 55_000 }));
    const [code, reason] = await once(socket, 'close');
    assert.deepEqual([code, String(reason)], [1008, 'the token has expired']);
  });

  it('is a response that is cut', async () => {
    const { token, id } = await made();
    const [host = '', port] = stage.address.split(':');
    const sent = startRequest({ host, port, path: '/stream', headers: { host: 'api.test', jwt: token } });
    sent.on('error', () => {});
    sent.end();
    const [response] = await once(sent, 'response');
    assert.equal(String((await once(response, 'data'))[0]), 'first\n');
    const cut = once(response, 'error');
    await revoke(id);
    const [error] = await cut;
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(response.complete, false);
  });

  it('ends at the bound of its row too, but for WebSockets', async () => {
    const token = await stage.token();
    const socket = await open(token, 'brief.test');
    const [host = '', port] = stage.address.split(':');
    const sent = startRequest({ host, port, path: '/stream', headers: { host: 'brief.test', jwt: token } });
    sent.on('error', () => {});
    sent.end();
    const [response] = await once(sent, 'response');
    assert.equal(response.statusCode, 200);
    response.resume();
    await once(response, 'error');
    socket.send('after the bound');
    assert.equal(String((await once(socket, 'message'))[0]), 'after the bound');
    socket.close();
  });

  it('is nothing that a hub waits for when it stops', async () => {
    const other = await startStage([
      'drain: 1s',
      `routes: [{name: api, host: api.test, to: 'http://127.0.0.1:${service.port}'}]`,
    ]);
    const [host = '', port] = other.address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => {});
    socket.write(`GET /stream HTTP/1.1\r\nHost: api.test\r\njwt: ${await other.token()}\r\n\r\n`);
    await once(socket, 'data');
    const websocket = new WebSocket(`ws://${other.address}/`, {
      headers: { host: 'api.test', jwt: await other.token() },
    });
    websocket.on('error', () => {});
    await once(websocket, 'open');
    const closed = Promise.all([once(socket, 'close'), once(websocket, 'close')]);
    const startedAt = performance.now();
    await other.stop();
    await closed;
    assert.ok(performance.now() - startedAt < 15_000);
  });
});
