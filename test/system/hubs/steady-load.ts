import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/processes.js';
import type { Cluster } from './cluster.js';

/** A call that did not end well. */
export interface FailedCall {
  readonly node: string;
  readonly hub: number;
  readonly code: number;
  readonly text: string;
}

/** Between two calls of a lane, milliseconds. */
const pauseMs = 20;

/** Short calls one after the other to each node by each hub, until told to stop. */
export class SteadyLoad {
  readonly failed: FailedCall[] = [];
  readonly #answered = new Map<string, number>();
  readonly #lanes: Promise<void>[];
  #over = false;

  constructor(cluster: Cluster, nodes: readonly string[], hubs: readonly number[]) {
    const lane = async (node: string, hub: number): Promise<void> => {
      const client = cluster.client(hub, node);
      while (!this.#over) {
        const { error } = await client.unaryCall({ responseSize: 100 }, undefined, {
          deadline: Date.now() + 15_000,
        });
        if (error === null) this.#answered.set(node, (this.#answered.get(node) ?? 0) + 1);
        else this.failed.push({ node, hub, code: error.code, text: error.details });
        await sleep(pauseMs);
      }
      client.close();
    };
    this.#lanes = nodes.flatMap((node) => hubs.map((hub) => lane(node, hub)));
    this.#nodes = nodes;
  }

  readonly #nodes: readonly string[];

  /** So many more calls of each node were answered. */
  async more(calls: number, nodes: readonly string[] = this.#nodes): Promise<void> {
    const wanted = new Map(nodes.map((node) => [node, (this.#answered.get(node) ?? 0) + calls]));
    await eventually(
      'calls go on',
      () => [...wanted].every(([node, count]) => (this.#answered.get(node) ?? 0) >= count),
      { everyMs: 20, timeoutMs: 30_000 },
    );
  }

  /** How many failed since this was asked last. */
  takeFailed(): FailedCall[] {
    return this.failed.splice(0);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#lanes);
  }
}
