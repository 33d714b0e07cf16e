/** A thread that runs commands for `warmPostern`. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parentPort } from 'node:worker_threads';
import { run } from '../../src/cli/main.js';
import type { WarmAnswer, WarmOrder } from './warm-postern.js';

async function carryOut({ id, args, env, input }: WarmOrder): Promise<WarmAnswer> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const [out, err] = [text(stdout), text(stderr)];
  try {
    const code = await run(args, {
      streams: { stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]), stdout, stderr },
      env,
    });
    stdout.end();
    stderr.end();
    return { id, finished: { code, stdout: await out, stderr: await err } };
  } catch (thrown) {
    return { id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}

parentPort?.on('message', (order: WarmOrder) => {
  void carryOut(order).then((answer) => parentPort?.postMessage(answer));
});
