import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type LiveKitRooms, liveKitRooms } from '../../../src/accounts/rooms/livekit.js';

const secret = 'a secret of more than thirty-two characters';

describe('a LiveKit server', () => {
  let server: Server | TcpServer | undefined;
  afterEach(() => {
    server?.close();
    if (server !== undefined && 'closeAllConnections' in server) server.closeAllConnections();
    server = undefined;
  });

  const at = async (one: Server | TcpServer, timeoutSeconds = 5): Promise<LiveKitRooms> => {
    server = one.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return liveKitRooms({ url: `ws://127.0.0.1:${port}`, key: 'APIkey', secret, timeoutSeconds });
  };
  const answering = (status: number, body: object): Server =>
    createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  const away = async (work: Promise<unknown>, message: RegExp): Promise<void> => {
    await assert.rejects(work, (thrown: Error & { code?: string }) => {
      assert.equal(thrown.code, 'UNAVAILABLE');
      assert.match(thrown.message, message);
      assert.ok(!thrown.message.includes(secret));
      return true;
    });
  };

  it('that nobody runs is away, and said to be', async () => {
    const rooms = await at(createTcpServer());
    server?.close();
    await away(rooms.participants(), /^LiveKit at 127\.0\.0\.1:\d+ cannot be asked now: .*ECONNREFUSED/);
  });

  it('that never answers is waited for no longer than it may take', async () => {
    const rooms = await at(createTcpServer(), 0.3);
    const began = performance.now();
    await away(rooms.create('a'), /no answer within 0\.3 s/);
    assert.ok(performance.now() - began < 5_000);
  });

  it('that does not take our key says so', async () => {
    const rooms = await at(answering(401, { code: 'unauthenticated', msg: 'invalid token' }));
    await away(rooms.create('a'), /does not take our key/);
  });

  it('that fails is away', async () => {
    const rooms = await at(answering(503, { code: 'unavailable', msg: 'no' }));
    await away(rooms.delete('a'), /it answered 503/);
  });

  it('that knows no such room has ended it', async () => {
    const rooms = await at(answering(404, { code: 'not_found', msg: 'room does not exist' }));
    await rooms.delete('a');
  });
});
