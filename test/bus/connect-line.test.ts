import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { loadOrCreateAuthority } from '../../src/bus/authority.js';
import { connectBus } from '../../src/bus/connect.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import type { BusIdentity } from '../../src/bus/permissions.js';
import { busRoles } from '../../src/bus/subjects.js';
import { createLogger } from '../../src/log.js';

/** What a server takes in one line unless it is told otherwise (`max_control_line`). */
const longestLine = 4096;
const info = {
  server_id: 'S',
  version: '2.15.2',
  proto: 1,
  headers: true,
  max_payload: 1 << 20,
  auth_required: true,
  nonce: 'n'.repeat(11),
};

describe('the first line of a connection to the bus', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-line-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  for (const role of busRoles) {
    it(`fits into what servers take, for the role ${role} and the longest names`, async () => {
      const node = 'n'.repeat(63);
      const { publicKey, seed } = createUserKey();
      const identity: BusIdentity = role === 'agent' ? { role, node, publicKey } : { role, publicKey };
      const authority = await loadOrCreateAuthority(join(dir, 'keys'));
      const jwt = await authority.mint({ identity, name: node, ttlSeconds: 3600 });
      let line = '';
      const server = createServer((socket) => {
        socket.write(`INFO ${JSON.stringify(info)}\r\n`);
        createInterface(socket).once('line', (first) => {
          line = first;
          socket.end("-ERR 'Authorization Violation'\r\n");
        });
        socket.on('error', () => {});
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        const connecting = connectBus({
          servers: [`nats://127.0.0.1:${port}`],
          identity,
          credentials: () => ({ jwt, seed }),
          name: `${role} ${node}`,
          firstConnect: 'fail',
          log: createLogger('silent'),
        });
        await assert.rejects(connecting);
      } finally {
        server.close();
      }
      assert.match(line, /^CONNECT \{.*"sig":/);
      assert.ok(
        line.length < longestLine,
        `${line.length} bytes, of which the credentials are ${jwt.length}`,
      );
    });
  }
});
