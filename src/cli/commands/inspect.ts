import { PosternError } from '../../errors.js';
import { actorView } from '../inspect/actor-view.js';
import { printDefinition } from '../inspect/definition.js';
import { showPage, showStately } from '../inspect/page-link.js';
import { tellStory } from '../inspect/story.js';
import { filtersFor, listActors, wantedBy } from '../inspect/wanted-actors.js';
import type { Invocation } from '../invocation.js';
import { formatList } from '../records.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern inspect`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, words } = invocation;
  const wanted = wantedBy(words[0]);
  const machine = options.text('machine') ?? '';
  const flag = (name: string): boolean => options.flag(name);
  const opens = ['open', 'with-token', 'stately'].some(flag);
  const looks = ['ls', 'definition', 'follow'].some(flag) || machine !== '';
  const asText = options.text('output') === 'text';
  if (opens && (wanted.kind !== 'all' || looks)) {
    throw new PosternError('USAGE', '--open, --with-token and --stately show all machines: name none', {
      exitCode: 2,
    });
  }
  if (flag('stately')) return showStately(invocation);
  if (wanted.kind === 'all' && !looks && asText) return showPage(invocation);
  if (flag('definition')) return printDefinition(invocation, wanted);
  if (!flag('ls')) return tellStory(invocation, wanted, machine);
  return withHub(invocation, async (connection) => {
    const actors = await listActors(connection, await filtersFor(connection, wanted, machine));
    const view = actorView(styleFor(invocation.streams.stdout, invocation.env), Date.now);
    const format = asText ? 'table' : options.text('output') === 'json' ? 'json' : 'jsonl';
    invocation.streams.stdout.write(formatList(format, view, actors));
    return 0;
  });
}
