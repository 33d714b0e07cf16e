import { prettyJson } from '../../client/codecs/json.js';
import { PosternError } from '../../errors.js';
import { ContextFiles } from '../contexts/context-files.js';
import { contextJson, contextLines, shownContext } from '../contexts/view.js';
import type { Invocation } from '../invocation.js';

/** `postern context show`. */
export async function run({ options, words, streams, env }: Invocation): Promise<number> {
  const files = new ContextFiles(env);
  const current = env.POSTERN_CONTEXT || (await files.chosen());
  const name = words[0] ?? current;
  if (name === undefined) {
    throw new PosternError('CONTEXT_UNKNOWN', 'no context counts', {
      hint: 'see what there is with `postern context ls`, and choose one with `postern context use NAME`',
    });
  }
  const shown = await shownContext(name, name === current, await files.read(name));
  streams.stdout.write(
    options.text('output') === 'json'
      ? prettyJson(contextJson(shown))
      : contextLines(shown, files.pathOf(name), Date.now()),
  );
  return 0;
}
