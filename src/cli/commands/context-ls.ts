import { errorText } from '../../errors.js';
import { ContextFiles } from '../contexts/context-files.js';
import { brokenContext, contextView, type ShownContext, shownContext } from '../contexts/view.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList } from '../records.js';

/** `postern context ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const { streams, env } = invocation;
  const files = new ContextFiles(env);
  const current = env.POSTERN_CONTEXT || (await files.chosen());
  const names = await files.names();
  const shown = await Promise.all(
    names.map(async (name): Promise<ShownContext> => {
      try {
        return await shownContext(name, name === current, await files.read(name));
      } catch (thrown) {
        return brokenContext(name, name === current, errorText(thrown));
      }
    }),
  );
  const format = listFormatOf(invocation);
  if (shown.length === 0 && format === 'table') {
    streams.stderr.write(
      'there is no context: make one with `postern context add NAME --hub https://HOST`\n',
    );
    return 0;
  }
  streams.stdout.write(formatList(format, contextView, shown));
  return 0;
}
