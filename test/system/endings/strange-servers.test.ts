import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp1 } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../support/free-port.js';
import { assertEnded, messageOf, nothingLeft, openCall, openStage, type Stage } from './stage.js';

/** What stands where a gRPC server should, by the first part of the path. */
const strangers: Record<string, { serve: (socket: Socket) => void; says: RegExp }> = {
  garbage: {
    serve: (socket) => void socket.write('220 mail.example.org ESMTP, and so on and on and on\r\n'),
    says: /does not speak HTTP\/2|no HTTP\/2 settings within \d+ ms/,
  },
  zeros: {
    serve: (socket) => void socket.write(Buffer.alloc(1_000)),
    says: /does not speak HTTP\/2|no HTTP\/2 settings within \d+ ms/,
  },
  silent: { serve: () => {}, says: /no HTTP\/2 settings within \d+ ms/ },
  closing: { serve: (socket) => void socket.end(), says: /does not speak HTTP\/2/ },
  resetting: { serve: (socket) => void socket.resetAndDestroy(), says: /cannot be reached/ },
};

let stage: Stage;
const sockets = new Set<Socket>();
const servers: Server[] = [];
const addresses = new Map<string, string>();

async function listen(name: string, server: Server): Promise<void> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) addresses.set(name, `127.0.0.1:${bound.port}`);
}

before(async () => {
  for (const [name, { serve }] of Object.entries(strangers)) await listen(name, createServer(serve));
  await listen(
    'http1',
    createHttp1((_request, response) => response.end('hello')),
  );
  addresses.set('nobody', `127.0.0.1:${await freePort()}`);
  const upstreams = [...addresses].map(([name, address]) => `${name}.=${address}`);
  stage = await openStage(upstreams, ['--connect-timeout', '1s']);
});
after(async () => {
  await stage.stop();
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
});

describe('what is no gRPC server behind the agent makes calls UNAVAILABLE, with its address, within the bound', () => {
  const all: Record<string, RegExp> = {
    ...Object.fromEntries(Object.entries(strangers).map(([name, { says }]) => [name, says])),
    http1: /does not speak HTTP\/2|no HTTP\/2 settings within \d+ ms/,
    nobody: /connection refused/,
  };
  for (const [name, says] of Object.entries(all)) {
    test(name, async () => {
      const client = await stage.client();
      const since = performance.now();
      // More of a request than any window takes, so that the end finds bytes on their way.
      const calls = Array.from({ length: 3 }, () => openCall(stage, client, `/${name}.Service/Method`));
      for (const { stream } of calls) stream.write(Buffer.alloc(1 << 20));
      for (const { closed } of calls) {
        const seen = await closed;
        assertEnded(seen, '14', name);
        assert.match(messageOf(seen), says);
        assert.ok(messageOf(seen).includes(addresses.get(name) ?? '-'), messageOf(seen));
        assert.equal((seen.trailers ?? seen.head)?.headers['x-postern-error'], 'UNAVAILABLE');
      }
      const took = performance.now() - since;
      // Without the option it would be 10 s.
      assert.ok(took < 1_000 + 5_000, `after ${Math.round(took)} ms`);
      client.destroy();
    });
  }

  test('a deadline is kept while the server is silent', async () => {
    const client = await stage.client();
    const timed = openCall(stage, client, '/silent.Service/Method', { 'grpc-timeout': '300m' });
    assertEnded(await timed.closed, '4', 'a silent server');
  });
});

test('nothing is left of all these calls', () => nothingLeft(stage));
