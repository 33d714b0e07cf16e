import type { Invocation } from '../../invocation.js';
import { tellEnded } from '../../runs/ended-run.js';
import { ReportFiles } from '../../runs/report-files.js';
import { runShow } from '../../runs/run-show.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { watchRun } from '../../runs/watch-run.js';
import { hearInterrupts, interruptedStatus } from '../../signals.js';
import { withHub } from '../../with-hub.js';

/** `postern runs watch`. */
export async function run(invocation: Invocation): Promise<number> {
  const { words, options } = invocation;
  const files = new ReportFiles(invocation);
  await files.prepare();
  const found = await withHub(invocation, (connection) => new RunsCalls(connection).find(words[0]));
  const form = options.text('output') === 'jsonl' ? 'jsonl' : 'text';
  const show = runShow(invocation, form);
  hearInterrupts(() => {
    show.end();
    show.say(`the run goes on: end it with \`postern runs stop ${found.run}\``);
    process.exit(interruptedStatus);
  });
  show.say(`run ${found.run}`);
  const ended = await watchRun(invocation, { run: found.run, show }).finally(() => show.end());
  return tellEnded(invocation, ended, { files, form });
}
