import type { JsonValue } from '@bufbuild/protobuf';
import type { Actor } from '../../gen/postern/v1/inspector.js';
import { ago } from '../../hub/ago.js';
import type { RecordView } from '../records.js';
import type { Style } from '../style.js';

/** How `postern inspect --ls` prints an actor. `now`: Unix time in milliseconds. */
export function actorView(style: Style, now: () => number): RecordView<Actor> {
  return {
    root: 'actors',
    element: 'actor',
    name: ({ machine, id }) => `${machine}/${id}`,
    json: actorJson,
    columns: [
      {
        title: 'ACTOR',
        text: ({ machine, id }) => `${machine}/${id}`,
        paint: (padded, { gone }) => (gone ? style.dim(padded) : style.bold(padded)),
      },
      {
        title: 'STATE',
        text: ({ state, gone }) => (gone ? `${state}, gone` : state),
        paint: (padded, actor) => painted(style, padded, actor),
      },
      { title: 'SINCE', text: ({ sinceMs }) => ago(sinceMs, now()) },
      { title: 'TRANSITIONS', text: ({ sequence }) => String(sequence) },
      { title: 'IGNORED', text: ({ ignored }) => String(sum(Object.values(ignored))) },
      { title: 'MAY BE TOLD', text: ({ operations }) => operations.join(', ') || '-' },
    ],
  };
}

/** The actor for programs. */
export function actorJson({ contextJson, ...rest }: Actor): JsonValue {
  return {
    ...rest,
    ignored: { ...rest.ignored },
    operations: [...rest.operations],
    tags: [...rest.tags],
    context: JSON.parse(contextJson || '{}'),
  };
}

function painted(style: Style, padded: string, { gone, tags }: Actor): string {
  if (gone) return style.dim(padded);
  if (tags.includes('bad')) return style.red(padded);
  if (tags.includes('warn')) return style.yellow(padded);
  return tags.includes('good') ? style.green(padded) : padded;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}
