import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Fleet } from '../support/fleet.js';
import { InteropClient } from '../support/interop/client.js';
import { metricsPage, type PageMetric } from '../support/metrics-page.js';
import { eventually } from '../support/processes.js';

/** What a hub and an agent tell Prometheus after a call. */
export interface TwoPages {
  readonly hub: ReadonlyMap<string, PageMetric>;
  readonly agent: ReadonlyMap<string, PageMetric>;
}

/** Starts both with all that they may tell of, calls once, and reads their pages; then all is over. */
export async function readTwoPages(): Promise<TwoPages> {
  const fleet = await Fleet.make();
  // Nobody listens there, which is all the same here.
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER: 'always_off' };
  try {
    const words = ['--metrics', '127.0.0.1:0'];
    const hub = await fleet.start(['up', '--listen', '127.0.0.1:0', ...words], { env });
    const server = await fleet.interopServer();
    const address = await fleet.hubAddress();
    const data = path.join(fleet.dir, 'cellar');
    const agent = await fleet.start(
      ['agent', '--node', 'cellar', '--to', server.address, '--data', data, ...words],
      {
        env: { ...env, POSTERN_HUB: `http://${address}`, POSTERN_TOKEN: await fleet.joinToken('cellar') },
      },
    );
    const token = await fleet.callerToken('ann');
    const client = new InteropClient({
      address,
      metadata: { 'x-postern-node': 'cellar', 'x-postern-authorization': token },
    });
    await eventually('a call', async () => (await client.unaryCall({}, client.metadata())).error === null);
    client.close();
    return {
      hub: await metricsPage(String(hub.ready.metrics)),
      agent: await metricsPage(String(agent.ready.metrics)),
    };
  } finally {
    await fleet.stop();
  }
}

/** What docs/metrics.md says of one metric. */
export interface DocumentedMetric extends Omit<PageMetric, 'labels'> {
  readonly labels: readonly string[];
  /** `hub`, `agent` or both. */
  readonly of: string;
}

/** The rows of docs/metrics.md, by name. */
export async function documentedMetrics(root: string): Promise<Map<string, DocumentedMetric>> {
  const text = await readFile(path.join(root, 'docs/metrics.md'), 'utf8');
  const rows = new Map<string, DocumentedMetric>();
  for (const line of text.split('\n')) {
    const [, name, type = '', labels = '', of = '', help = ''] =
      /^\| `(postern_\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (name === undefined) continue;
    const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
    rows.set(name, { name, type, of, help, labels: names });
  }
  return rows;
}
