import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tunnelUrl } from '../../../src/client/tunnel/tunnel-url.js';
import type { ListNodesResponse, Node } from '../../../src/gen/postern/v1/nodes.js';
import { BlackHole, TunnelStage } from '../../client/tunnel-stage.js';
import { ask, bearer, joinToken, ownClients, startTestHub } from '../../hub/test-hub.js';
import { InteropClient } from '../../support/interop/client.js';
import { startInteropServer } from '../../support/interop/server.js';
import { until } from '../../support/nats.js';

test('any hub reaches a node with a tunnel, which comes to another hub when its own leaves', async (t) => {
  const stage = await TunnelStage.make();
  const keys = join(stage.nats.dir, 'second', 'keys');
  await mkdir(keys, { recursive: true });
  await copyFile(join(stage.nats.dir, 'keys', 'caller.jwk'), join(keys, 'caller.jwk'));
  const second = await startTestHub(stage.nats, { data: join(stage.nats.dir, 'second') });
  const server = await startInteropServer();
  const balancer = new BlackHole(stage.hub.address);
  const clients = ownClients(second.address);
  const client = new InteropClient({
    address: second.address,
    metadata: { name: 'cellar', authorization: `Bearer ${second.adminToken}` },
  });
  const node = stage.join('cellar', server.port, {
    hubs: [tunnelUrl(await balancer.start())],
    token: await joinToken(stage.hub, 'cellar'),
  });
  t.after(async () => {
    client.close();
    clients.close();
    await node.stop();
    await second.stop();
    await stage.nats.stop();
    balancer.stop();
    await server.stop();
  });
  const { hub } = await node.ready;
  const listed = async (): Promise<Node | undefined> => {
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      clients.nodes.listNodes({ name: 'cellar' }, bearer(second.adminToken), callback),
    );
    return nodes[0];
  };
  await until('the second hub sees it', async () => (await listed())?.state === 'connected.idle');
  const [instance] = (await listed())?.instances ?? [];
  assert.equal(instance?.transport, 'tunnel');
  assert.equal(instance?.hub, hub);
  for (let i = 0; i < 5; i += 1) assert.equal((await client.unaryCall({})).status.code, 0);

  balancer.leadTo(second.address);
  await stage.hub.stop();
  await until(
    'it leads to the second hub',
    async () => {
      const now = await listed();
      return now?.state === 'connected.idle' && now.instances.every((one) => one.hub !== hub);
    },
    20_000,
  );
  assert.equal((await client.unaryCall({})).status.code, 0);
});
