import type { Invocation } from '../../invocation.js';
import { formatOne } from '../../records.js';
import { runListView, runText } from '../../runs/run-view.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';

/** `postern runs show`. */
export async function run(invocation: Invocation): Promise<number> {
  const { streams, env, options, words } = invocation;
  const shown = await withHub(invocation, async (connection) => {
    const calls = new RunsCalls(connection);
    const found = await calls.find(words[0]);
    // A list leaves the nodes out.
    return words[0] === undefined ? calls.get(found.run) : found;
  });
  const style = styleFor(streams.stdout, env);
  const wanted = options.text('output');
  const text =
    wanted === 'json' || wanted === 'yaml'
      ? formatOne(wanted, runListView(style, Date.now), shown)
      : runText(shown, style, Date.now());
  streams.stdout.write(text);
  return 0;
}
