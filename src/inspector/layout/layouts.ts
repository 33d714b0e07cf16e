import { Worker } from 'node:worker_threads';
import type { MachineDefinition } from '../../../machines/definition.js';
import type { Logger } from '../../log.js';
import type { Drawing } from './drawing.js';
import { drawingOf, graphOf } from './graph.js';
import type { LayoutDone, LayoutJob } from './layout-worker.js';

/** One layout may take so long, milliseconds; the first of a thread loads the code, too. */
const withinMs = 15_000;
/** The thread ends when it has had nothing to do for so long, milliseconds. */
const idleMs = 30_000;
/** So many drawings are remembered, and so many may be asked for at the same time. */
const mostRemembered = 64;

/** Where the parts of machines are drawn, worked out once for each definition. */
export class Layouts {
  readonly #log: Logger;
  readonly #drawings = new Map<string, Promise<Drawing | undefined>>();
  readonly #jobs = new Map<number, (done: LayoutDone | undefined) => void>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The drawing of a definition; undefined: it could not be worked out. */
  of(hash: string, definition: MachineDefinition): Promise<Drawing | undefined> {
    const known = this.#drawings.get(hash);
    if (known !== undefined) return known;
    const drawing = this.#draw(definition);
    this.#drawings.set(hash, drawing);
    const [oldest] = this.#drawings.keys();
    if (this.#drawings.size > mostRemembered && oldest !== undefined) this.#drawings.delete(oldest);
    return drawing;
  }

  stop(): void {
    clearTimeout(this.#idle);
    this.#end(this.#worker);
  }

  async #draw(definition: MachineDefinition): Promise<Drawing | undefined> {
    const done = await this.#layOut({ id: ++this.#count, graph: graphOf(definition) });
    const { machine } = definition;
    if (done === undefined || 'failed' in done) {
      this.#log.warn({ machine, why: done?.failed ?? 'it took too long' }, 'a machine cannot be drawn');
      return undefined;
    }
    return drawingOf(definition, done.graph);
  }

  #layOut(job: LayoutJob): Promise<LayoutDone | undefined> {
    return new Promise((resolve) => {
      clearTimeout(this.#idle);
      this.#worker ??= this.#start();
      const worker = this.#worker;
      const timer = setTimeout(() => this.#end(worker), withinMs);
      this.#jobs.set(job.id, (done) => {
        clearTimeout(timer);
        resolve(done);
      });
      worker.postMessage(job);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./layout-worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.unref();
    worker.on('message', (done: LayoutDone) => {
      const finish = this.#jobs.get(done.id);
      this.#jobs.delete(done.id);
      finish?.(done);
      if (this.#jobs.size === 0) this.#idle = setTimeout(() => this.#end(worker), idleMs).unref();
    });
    worker.on('error', (error) => {
      this.#log.warn({ err: error }, 'the thread that draws machines has failed');
      this.#end(worker);
    });
    return worker;
  }

  /** Ends a thread; what it had to do is not done. */
  #end(worker: Worker | undefined): void {
    if (worker === undefined || worker !== this.#worker) return;
    this.#worker = undefined;
    worker.terminate().catch(() => {}); // it has ended by itself then
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const finish of jobs) finish(undefined);
  }
}
