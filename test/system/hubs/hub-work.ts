import assert from 'node:assert/strict';
import { z } from 'zod';
import { scrape } from '../../support/scrape.js';
import type { Cluster } from './cluster.js';

const connections = z.object({
  connections: z.array(
    z.object({ cid: z.number(), name: z.string().default(''), in_msgs: z.number(), out_msgs: z.number() }),
  ),
});
type Connection = z.infer<typeof connections>['connections'][number];

/** What a hub has done so far. */
export interface HubWork {
  /** Messages that it has published on the bus, and that were delivered to it. */
  readonly published: number;
  readonly delivered: number;
  readonly cpuSeconds: number;
  /** Timers that it holds. */
  readonly timers: number;
}

/** Knows which connection to the bus is which hub's. */
export class HubWorks {
  readonly #cluster: Cluster;
  readonly #cids: number[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The hub that was started last is the one of the connection that is new. */
  async started(): Promise<void> {
    const fresh = (await this.#connections()).filter(
      ({ cid, name }) => name === 'hub' && !this.#cids.includes(cid),
    );
    assert.equal(fresh.length, 1, JSON.stringify(fresh));
    this.#cids.push(fresh[0]?.cid ?? -1);
  }

  /** What each hub has done so far, in the order in which they were started. */
  async read(): Promise<HubWork[]> {
    const all = await this.#connections();
    return Promise.all(
      this.#cids.map(async (wanted, i) => {
        const own = all.find(({ cid }) => cid === wanted) ?? assert.fail(`hub ${i} is not on the bus`);
        const metrics = await scrape(this.#cluster.hub(i).metrics);
        return {
          published: own.in_msgs,
          delivered: own.out_msgs,
          cpuSeconds: metrics.get('process_cpu_seconds_total') ?? Number.NaN,
          timers: metrics.get('nodejs_active_resources{type="Timeout"}') ?? Number.NaN,
        };
      }),
    );
  }

  async #connections(): Promise<Connection[]> {
    const answer = await fetch(`${this.#cluster.monitor}/connz?limit=4096`);
    return connections.parse(await answer.json()).connections;
  }
}
