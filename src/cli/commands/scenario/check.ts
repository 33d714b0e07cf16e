import { providers } from '../../../controller/scenario/scenario.js';
import { PosternError } from '../../../errors.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList } from '../../records.js';
import { type CheckedScenario, checkScenario } from '../../scenario/checked-scenario.js';
import { planText, scenarioView } from '../../scenario/view.js';
import { styleFor } from '../../style.js';

/** `postern scenario check`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env, words } = invocation;
  const wanted = options.text('provider');
  const provider = providers.find((one) => one === wanted);
  const good: CheckedScenario[] = [];
  const bad: PosternError[] = [];
  for (const file of words) {
    if (file === undefined) continue;
    try {
      const seed = options.text('seed');
      good.push(await checkScenario(file, { ...(provider === undefined ? {} : { provider }), seed }));
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      bad.push(thrown);
    }
  }
  const style = styleFor(streams.stderr, env);
  for (const { scenario } of good) {
    for (const { place, path, text } of scenario.warnings) {
      streams.stderr.write(
        `${place}: ${style.yellow('warning:')} ${path === '' ? '' : `${path}: `}${text}\n`,
      );
    }
  }
  const format = listFormatOf(invocation);
  const shown =
    format === 'table'
      ? good.map((one) => planText(one, styleFor(streams.stdout, env))).join('\n')
      : formatList(format, scenarioView, good);
  streams.stdout.write(shown);
  if (bad.length === 0) return 0;
  const hint = bad.find((one) => one.hint !== undefined)?.hint;
  // Each mistake has a line of its own, as programs that look for `file:line:column:` want it.
  const message = ['this is wrong:', ...bad.map((one) => one.message)].join('\n');
  throw new PosternError('SCENARIO_INVALID', message, {
    hint,
    exitCode: 2,
  });
}
