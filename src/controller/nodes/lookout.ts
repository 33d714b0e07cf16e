import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../gen/postern/v1/faults.js';
import type { Test } from '../../gen/postern/v1/tests.js';
import { forEach } from '../steps/step.js';
import type { NodeCalls } from './node-calls.js';

/** From one look to the next, milliseconds. */
const everyMs = 1_000;
/** A node that does not answer within this was not reached, milliseconds. */
const answerMs = 2_500;
/** Nodes that are asked at once. */
const atOnce = 16;

/** A node as it was seen last. */
export interface Seen {
  /** Whether it answered when it was asked last. */
  readonly reached: boolean;
  /** As it told them when it was reached last; undefined: it never was. */
  readonly tests: readonly Test[] | undefined;
  readonly faults: readonly Fault[] | undefined;
}

/** Looks at the nodes of a run again and again, and tells what it has seen. */
export class Lookout {
  readonly #calls: NodeCalls;
  readonly #run: string;
  readonly #nodes: readonly string[];
  readonly #withFaults: ReadonlySet<string>;
  readonly #seen = new Map<string, Seen>();
  readonly #news = new EventTarget();
  readonly #over: AbortSignal;

  constructor(options: {
    calls: NodeCalls;
    run: string;
    nodes: readonly string[];
    /** Nodes that have faults. */
    withFaults: ReadonlySet<string>;
    /** Ends it. */
    signal: AbortSignal;
    /** Told after each look; what it throws is told to `failed`, and the next look comes all the same. */
    looked: (seen: ReadonlyMap<string, Seen>) => void;
    failed: (thrown: unknown) => void;
  }) {
    this.#calls = options.calls;
    this.#run = options.run;
    this.#nodes = options.nodes;
    this.#withFaults = options.withFaults;
    this.#over = options.signal;
    this.#look((seen) => {
      try {
        options.looked(seen);
      } catch (thrown) {
        options.failed(thrown);
      }
    }).catch(() => {});
  }

  /** Resolves when what was seen is so; rejects with the reason of the signal. */
  async until(holds: (seen: ReadonlyMap<string, Seen>) => boolean, signal: AbortSignal): Promise<void> {
    while (!holds(this.#seen)) await once(this.#news, 'look', { signal });
  }

  async #look(looked: (seen: ReadonlyMap<string, Seen>) => void): Promise<void> {
    while (!this.#over.aborted) {
      await forEach(this.#nodes, atOnce, (node) => this.#lookAt(node));
      if (this.#over.aborted) return;
      looked(this.#seen);
      this.#news.dispatchEvent(new Event('look'));
      await sleep(everyMs, undefined, { signal: this.#over });
    }
  }

  async #lookAt(node: string): Promise<void> {
    const life = { signal: this.#over, withinMs: answerMs };
    const request = { run: this.#run };
    const before = this.#seen.get(node);
    try {
      const { tests } = await this.#calls.ask(
        node,
        ({ tests: client }) => client.listTests.bind(client),
        request,
        life,
      );
      const faults = this.#withFaults.has(node)
        ? (await this.#calls.ask(node, ({ faults: client }) => client.listFaults.bind(client), request, life))
            .faults
        : [];
      this.#seen.set(node, { reached: true, tests, faults });
    } catch {
      this.#seen.set(node, { reached: false, tests: before?.tests, faults: before?.faults });
    }
  }
}
