import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ServerCredentials } from '@grpc/grpc-js';
import { parseAddress } from '../../src/wire/address.js';
import { Http2Upstream, type UpstreamOptions } from '../../src/wire/http2-upstream.js';
import { duplexPair } from '../../src/wire/in-process.js';
import { interopCases } from '../support/interop/cases.js';
import { createInteropServer, type InteropServer, startInteropServer } from '../support/interop/server.js';
import { testCertificate } from './certificate.js';
import { startFront, type TestFront, until } from './harness.js';

/** Runs every case through a front and an upstream to one server. */
function suite(
  name: string,
  open: () => Promise<{ options: UpstreamOptions; server: Pick<InteropServer, 'counters' | 'kill'> }>,
): void {
  describe(name, () => {
    let front: TestFront;
    let upstream: Http2Upstream;
    let server: Pick<InteropServer, 'counters' | 'kill'>;
    before(async () => {
      const opened = await open();
      server = opened.server;
      upstream = new Http2Upstream(opened.options);
      front = await startFront(upstream);
    });
    after(async () => {
      await front.close();
      upstream.close();
      server.kill();
    });
    for (const [title, run] of Object.entries(interopCases)) {
      test(title, () => run({ address: front.address }));
    }
    test('nothing is left open', async () => {
      await until(() => upstream.inFlight === 0, 'no call is left in the upstream');
      await until(() => server.counters.open === 0, 'no handler is left');
      assert.equal(upstream.connections, 1, 'all calls shared one connection');
    });
  });
}

suite('interop over TCP', async () => {
  const server = await startInteropServer();
  return { server, options: { address: parseAddress(server.address) } };
});

suite('interop over a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-wire-'));
  const server = await startInteropServer({ address: `unix:${join(folder, 'grpc.sock')}` });
  const kill = (): void => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server: { counters: server.counters, kill }, options: { address: parseAddress(server.address) } };
});

suite('interop over TLS', async () => {
  const { key, cert } = await testCertificate();
  const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
  const server = await startInteropServer({ credentials });
  return {
    server,
    options: { address: parseAddress(server.address), tls: { ca: cert, servername: 'localhost' } },
  };
});

suite('interop over an in-process pair', async () => {
  const { server, counters } = createInteropServer();
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    server: { counters, kill: () => server.forceShutdown() },
    options: {
      connect: () => {
        const [near, far] = duplexPair();
        injector.injectConnection(far);
        return near;
      },
    },
  };
});
