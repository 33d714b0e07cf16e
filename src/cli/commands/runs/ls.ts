import { PosternError } from '../../../errors.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList } from '../../records.js';
import { runListView } from '../../runs/run-view.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';

/** Most that a list can have; a hub remembers about a thousand. */
const mostListed = 10_000;

/** `postern runs ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const limit = limitOf(invocation);
  const { runs, more } = await withHub(invocation, (connection) => new RunsCalls(connection).list(limit));
  const { stdout, stderr } = invocation.streams;
  const format = listFormatOf(invocation);
  if (runs.length === 0 && format === 'table') {
    stderr.write('there is no run yet: begin one with `postern run SCENARIO`\n');
    return 0;
  }
  const view = runListView(styleFor(stdout, invocation.env), Date.now);
  stdout.write(formatList(format, view, runs));
  if (more) stderr.write(`there are older ones: --limit ${runs.length * 2}\n`);
  return 0;
}

function limitOf({ options }: Invocation): number {
  const text = options.text('limit') ?? '100';
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= mostListed) return limit;
  throw new PosternError('USAGE', `--limit: '${text}' is no number from 1 to ${mostListed}`, { exitCode: 2 });
}
