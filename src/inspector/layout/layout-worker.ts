/** Lays graphs out in a thread of its own: a large one takes seconds, and the hub has calls to carry. */
import { parentPort } from 'node:worker_threads';
import elkjs, { type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { errorText } from '../../errors.js';

/** A graph to be laid out, and what comes of it. */
export interface LayoutJob {
  readonly id: number;
  readonly graph: ElkNode;
}
export type LayoutDone =
  | { readonly id: number; readonly graph: ElkNode }
  | { readonly id: number; readonly failed: string };

const elk = new elkjs.default();

parentPort?.on('message', ({ id, graph }: LayoutJob) => {
  elk.layout(graph).then(
    (done) => parentPort?.postMessage({ id, graph: done } satisfies LayoutDone),
    (thrown: unknown) => parentPort?.postMessage({ id, failed: errorText(thrown) } satisfies LayoutDone),
  );
});
