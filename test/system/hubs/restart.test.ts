import { test } from 'node:test';
import { openRestartStage, restartUnderLoad } from './restart.js';

test('of three hubs under load one is told to stop, another killed: the others serve every node, and its tunnels come to them', async (t) => {
  const cluster = await openRestartStage();
  t.after(() => cluster.close());
  await restartUnderLoad(t, cluster, [
    { victim: 1, signal: 'SIGTERM' },
    { victim: 2, signal: 'SIGKILL' },
  ]);
});
