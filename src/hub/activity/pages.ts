import type { ActivityMessage } from '../../bus/activity-message.js';
import type { Bus, KeptMessages } from '../../bus/bus.js';
import { subjects } from '../../bus/subjects.js';
import { type ActivityFilter, subjectOf } from './filter.js';

/** Some messages of the stream, gaps among them; everything up to `end` was looked at. */
export interface ActivityPage extends Omit<KeptMessages<string, ActivityMessage>, 'messages'> {
  readonly messages: readonly { readonly body: ActivityMessage; readonly place: number }[];
}

/**
 * Reads on behind a place. What is wanted, and gaps, are read one after the other where their subjects differ, and put
 * in order: as far as both were looked at.
 */
export async function readActivityPage(
  bus: Pick<Bus, 'page'>,
  filter: ActivityFilter,
  range: { readonly after: number; readonly sinceMs?: number | undefined },
): Promise<ActivityPage> {
  const wanted = subjectOf(filter);
  const main = await bus.page(subjects.activity, wanted, range);
  if (Object.keys(wanted).length === 0 || wanted.kind === 'gap') return main;
  const upTo = main.more ? main.end : Math.max(main.last, main.end);
  if (upTo <= range.after) return main;
  const gaps = await bus.page(subjects.activity, { kind: 'gap' }, { ...range, upTo });
  // Another stream has taken its place in between: the next page will show it.
  if (gaps.created !== main.created) return { ...main, messages: [], end: range.after, more: true };
  const end = gaps.more ? Math.min(upTo, gaps.end) : upTo;
  const known = new Set(main.messages.map(({ place }) => place));
  const messages = [...main.messages, ...gaps.messages.filter(({ place }) => !known.has(place))]
    .filter(({ place }) => place <= end)
    .sort((a, b) => a.place - b.place);
  return { ...main, messages, end, more: main.more || gaps.more };
}
