/** What runs in the worker thread of `judgeInWorker`: takes batches of records in, and judges when there are no more. */
import { parentPort, workerData } from 'node:worker_threads';
import { Checker } from './checker.js';
import type { JudgeOrder, JudgeWork } from './worker-messages.js';

const order: JudgeOrder = workerData;
const checker = new Checker(order.facts);

parentPort?.on('message', (work: JudgeWork) => {
  for (const result of work.results) checker.add(result);
  if (!work.isLast) {
    parentPort?.postMessage({ taken: work.results.length });
    return;
  }
  parentPort?.postMessage({ judgement: checker.judge(order.rules) });
  parentPort?.close();
});
