import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inboxPrefixOf } from '../../src/bus/permissions.js';
import { stores } from '../../src/bus/subjects.js';
import { natsServers, startTestNats } from '../support/nats.js';
import { omnipotent, rawClient } from '../support/raw-nats.js';

for (const binary of await natsServers()) {
  test(`a controller may use its own buckets and close runs, and nothing else, on nats-server ${binary.version}`, async () => {
    const nats = await startTestNats(binary);
    const god = await omnipotent(nats);
    try {
      const hub = await nats.hub();
      await hub.store(stores.nodes);
      const heard: string[] = [];
      god.subscribe('>', { callback: (_error, { subject }) => void heard.push(subject) });
      await god.flush();
      const { identity, credentials } = await nats.credentials('controller');
      const controller = await rawClient(nats, credentials, inboxPrefixOf(identity));
      const arrived = async (all: readonly string[]): Promise<string[]> => {
        heard.length = 0;
        for (const subject of all) controller.publish(subject, '{}');
        await controller.flush();
        await god.flush();
        return all.filter((subject) => heard.includes(subject));
      };
      const own = [
        ...['$KV.postern_runs.r1', '$KV.postern_run_parts.r1.nodes', 'postern.results.r1.closed'],
        ...['postern.inspect.run.r1', 'postern.run.progress.r1', '$JS.API.STREAM.INFO.KV_postern_runs'],
      ];
      assert.deepEqual(await arrived(own), own);
      const forbidden = [
        ...['$KV.postern_nodes.n1', '$KV.postern_tokens.t', '$JS.API.STREAM.INFO.KV_postern_nodes'],
        ...['$JS.API.STREAM.MSG.GET.POSTERN_RESULTS', '$JS.API.DIRECT.GET.KV_postern_nodes'],
        ...['$JS.API.STREAM.DELETE.KV_postern_runs', '$JS.API.STREAM.PURGE.KV_postern_runs'],
        ...[
          'postern.results.r1.n1.j',
          'postern.call.n1.i.hub.h',
          'postern.hub.beat.h',
          'postern.inspect.node.n1',
        ],
      ];
      assert.deepEqual(await arrived(forbidden), []);
      await assert.rejects((await nats.controller()).store(stores.nodes), { code: 'BUS_FORBIDDEN' });
      await assert.rejects(hub.store(stores.runs), { code: 'BUS_FORBIDDEN' });
      await controller.close();
    } finally {
      await god.close();
      await nats.stop();
    }
  });
}
