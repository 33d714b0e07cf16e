import { signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { type ActivityEvent, ActivityType } from '../../../../gen/web/internal/activity_pb.js';
import type { Hub } from '../../hub.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { Table } from '../../parts/table.js';
import { setQuery } from '../../place.js';
import { useStream } from '../../streams.js';
import { callColumns, callHas } from './call-columns.js';
import { type CallFacts, factsOfEvent } from './call-facts.js';

/** So many calls are shown, the latest. */
const mostCalls = 1_000;
/** It begins so long ago, in milliseconds. */
const beforeMs = 60_000;

/** Each call as the activity tells it, the latest first. */
export function ActivityTail({
  hub,
  node,
  words,
  opened,
}: {
  hub: Hub;
  node: string;
  words: readonly string[];
  opened: string;
}) {
  const tail = useMemo(() => new Tail(), [node]);
  const state = useStream(`activity ${node}`, {
    hub,
    open: (afterCursor, call) =>
      hub.activity.connect(
        {
          types: [ActivityType.REQUEST_PROXIED, ActivityType.REQUEST_OPENED, ActivityType.REQUEST_REFUSED],
          nodes: node === '' ? [] : [node],
          ...(afterCursor === '' ? { sinceMs: BigInt(Date.now() - beforeMs) } : { afterCursor }),
        },
        call,
      ),
    take: tail.take,
    place: (event) => event.cursor,
  });
  const rows = tail.calls.value.filter(({ call }) => callHas(call, words));
  return (
    <>
      <StreamNotice of="Activity" state={state.value} />
      {rows.length === 0 && <Notice>There was no call like that within the last minute.</Notice>}
      <Table
        label="Calls one by one"
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        opened={rows.find(({ call }) => opened !== '' && call.id === opened)?.key ?? ''}
        onOpen={({ call }) => setQuery({ call: call.id })}
      />
    </>
  );
}

/** A call, told apart from others without an id. */
interface TailRow {
  readonly key: string;
  readonly call: CallFacts;
}

const columns = callColumns.map((column) => ({ ...column, cell: ({ call }: TailRow) => column.cell(call) }));

class Tail {
  /** The latest first. */
  readonly calls = signal<readonly TailRow[]>([]);
  #rows = new Map<string, TailRow>();

  readonly take = (events: readonly ActivityEvent[], anew: boolean): void => {
    if (anew) this.#rows.clear();
    for (const event of events) {
      const call = factsOfEvent(event);
      if (call === undefined) continue;
      const key = call.id === '' ? event.cursor : call.id;
      this.#rows.delete(key);
      this.#rows.set(key, { key, call });
    }
    for (const key of this.#rows.keys()) {
      if (this.#rows.size <= mostCalls) break;
      this.#rows.delete(key);
    }
    this.calls.value = [...this.#rows.values()].reverse();
  };
}
