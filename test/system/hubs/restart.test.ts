import { after, before, describe, test } from 'node:test';
import type { Cluster } from './cluster.js';
import { openRestartStage, restartUnderLoad } from './restart.js';

describe('three hubs under load', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await openRestartStage();
  });
  after(() => cluster?.close());

  test('one is told to stop and is started again: the others serve every node, and its tunnels come to them', (t) =>
    restartUnderLoad(t, cluster, [{ victim: 1, signal: 'SIGTERM' }]));

  test('one is killed and is started again: the others serve every node, and its tunnels come to them', (t) =>
    restartUnderLoad(t, cluster, [{ victim: 2, signal: 'SIGKILL' }]));
});
