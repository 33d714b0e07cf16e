import { PosternError } from '../../errors.js';
import { hashIn } from '../group/cid.js';
import type { LiveGroup } from '../group/live-group.js';
import type { StoredEntry } from '../group/log-index.js';
import { argumentInvalid, type Out } from './status.js';

/** Which events a client asks for. */
export interface ListRequest {
  readonly sinceId: Uint8Array;
  readonly sinceNow: boolean;
  readonly untilId: Uint8Array;
  readonly untilNow: boolean;
  readonly reverseOrder: boolean;
}

/**
 * Gives the entries that a list asks for: those that are there, in the order that is the same on every daemon, then
 * those that come, in the order in which they are stored here. None is missed or given twice. `give` may wait.
 *
 * Throws `ARGUMENT_INVALID` for bounds that contradict each other, `EVENT_UNKNOWN` for one that is not there, and
 * `GROUP_INACTIVE` when the group is not active any more.
 */
export async function listEntries(
  group: LiveGroup,
  request: ListRequest,
  out: Pick<Out<never>, 'signal'>,
  give: (entry: StoredEntry, live: boolean) => Promise<void>,
): Promise<void> {
  check(request);
  const { index } = group;
  const past = request.sinceNow ? [] : between(group, request);
  let next = index.arrived.length;
  for (const entry of request.reverseOrder ? past.reverse() : past) {
    if (out.signal.aborted) return;
    await give(entry, false);
  }
  if (request.untilNow || request.untilId.length > 0) return;
  let wake: () => void = () => {};
  const stop = group.onStored(() => wake());
  const gone = (): void => wake();
  const signals = [out.signal, group.closing];
  for (const signal of signals) signal.addEventListener('abort', gone);
  try {
    while (!out.signal.aborted) {
      if (group.closing.aborted) throw new PosternError('GROUP_INACTIVE', 'the group is not active any more');
      const entry = index.arrived[next];
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      next += 1;
      await give(entry, true);
    }
  } finally {
    stop();
    for (const signal of signals) signal.removeEventListener('abort', gone);
  }
}

function check({ sinceId, sinceNow, untilId, untilNow, reverseOrder }: ListRequest): void {
  if (sinceNow && sinceId.length > 0) throw argumentInvalid('since_id and since_now exclude each other');
  if (untilNow && untilId.length > 0) throw argumentInvalid('until_id and until_now exclude each other');
  if (sinceNow && untilNow) throw argumentInvalid('since_now and until_now leave nothing');
  if (reverseOrder && !untilNow && untilId.length === 0) {
    throw argumentInvalid('reverse_order needs until_id or until_now');
  }
}

/** The entries that are there, from `since_id` to `until_id`, both included. */
function between({ index }: LiveGroup, { sinceId, untilId }: ListRequest): StoredEntry[] {
  const position = (id: Uint8Array): number => {
    const hash = hashIn(id);
    const entry = hash && index.find(hash);
    if (entry === undefined) throw new PosternError('EVENT_UNKNOWN', 'no event of this group has this id');
    return index.positionOf(entry);
  };
  const from = sinceId.length > 0 ? position(sinceId) : 0;
  const to = untilId.length > 0 ? position(untilId) + 1 : index.ordered.length;
  return index.ordered.slice(from, to);
}
