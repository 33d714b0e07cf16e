import { after, before, test } from 'node:test';
import type { Cluster } from './cluster.js';
import { openRestartStage, type Restart, restartUnderLoad } from './restart.js';
import { comesBackWithoutStampede } from './stampede.js';

/** Each gets a tunnel of the one before, so that none of them is without. */
const restarts: Restart[] = [0, 1, 2, 0, 1, 2].map((victim, i) => ({
  victim,
  signal: i % 2 === 0 ? 'SIGTERM' : 'SIGKILL',
}));

let cluster: Cluster;
before(async () => {
  cluster = await openRestartStage();
});
after(() => cluster?.close());

test('three hubs under load are told to stop, killed and started again, each in its turn, and only its tunnels notice', (t) =>
  restartUnderLoad(t, cluster, restarts));

test('three hundred tunnels come back to a hub that was told to stop, not all at once', (t) =>
  comesBackWithoutStampede(t, { count: 300, signal: 'SIGTERM', awayMs: 10_000 }));
