import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutGo } from '../../scripts/go-toolchain.js';
import { Fleet } from '../support/fleet.js';
import { interopCases } from '../support/interop/cases.js';
import { run } from '../support/processes.js';
import { cloudCases, goCases, type Implementation } from './cases.js';
import { type GoServer, grpcGo, runGoClient, startGoServer } from './go-programs.js';

describe("gRPC's interop tests through hub, bus and agent", { skip: await withoutGo() }, () => {
  const nodes: Readonly<Record<Implementation, string>> = { 'grpc-go': 'gopher', 'grpc-js': 'cellar' };
  let client: string;
  let goServer: GoServer;
  let fleet: Fleet;
  let hub: string;
  let token: string;
  /** Addresses of `postern proxy` for each server. */
  let proxies: Readonly<Record<Implementation, string>>;

  before(async () => {
    client = await grpcGo('client');
    goServer = await startGoServer();
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
    const jsServer = await fleet.interopServer();
    await Promise.all([
      fleet.agent(nodes['grpc-go'], [goServer.address]),
      fleet.agent(nodes['grpc-js'], [jsServer.address]),
    ]);
    token = await fleet.callerToken('interop');
    proxies = {
      'grpc-go': await fleet.proxy(nodes['grpc-go']),
      'grpc-js': await fleet.proxy(nodes['grpc-js']),
    };
  });
  after(async () => {
    await fleet.stop();
    await goServer.stop();
  });

  const servers: readonly Implementation[] = ['grpc-go', 'grpc-js'];
  for (const server of servers) {
    describe(`grpc-go's client, ${server}'s server`, () => {
      for (const [name, { servers: having = servers, flags = [], by }] of Object.entries(goCases)) {
        if (!having.includes(server)) continue;
        test(name, async () => {
          const metadata = `name:${nodes[server]};authorization:Bearer ${token}`;
          const verdict =
            by === 'postern proxy'
              ? await runGoClient(client, proxies[server], name, flags)
              : await runGoClient(client, hub, name, ['-additional_metadata', metadata, ...flags]);
          assert.equal(verdict, '');
        });
      }
    });

    describe(`grpc-js' client, ${server}'s server`, () => {
      for (const [name, runCase] of Object.entries(interopCases)) {
        test(name, () =>
          runCase({
            address: hub,
            metadata: { name: nodes[server], authorization: `Bearer ${token}` },
          }),
        );
      }
    });
  }

  test("the table has all cases of grpc-go's client", async () => {
    const { stderr } = await run(client, ['-help']);
    const listed = [...stderr.matchAll(/^\s+([a-z0-9_]+) ?: \S/gm)].map(([, name]) => name ?? '');
    assert.ok(listed.length > 20, `only ${listed.length} cases were read`);
    // The two for load are not in the client's own list.
    const known = [...Object.keys(goCases), ...cloudCases].filter((name) => !name.endsWith('_soak'));
    assert.deepEqual(listed.sort(), known.sort());
  });
});
