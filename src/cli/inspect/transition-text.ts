import type { JsonValue } from '@bufbuild/protobuf';
import type { Transition } from '../../gen/postern/v1/inspector.js';
import type { Style } from '../style.js';

/** A transition for programs. */
export function transitionJson({ contextJson, detailJson, ...rest }: Transition): JsonValue {
  return {
    ...rest,
    edges: [...rest.edges],
    ignored: { ...rest.ignored },
    detail: JSON.parse(detailJson || '{}'),
    context: JSON.parse(contextJson || '{}'),
  };
}

/** A transition as a line for people. */
export function transitionText(style: Style, transition: Transition): string {
  const { atMs, machine, id, from, to, event, by } = transition;
  const time = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
  const states = `${from === '' ? '(begins)' : from} -> ${to === '' ? '(ended)' : to}`;
  const parts = [
    style.dim(time),
    machine.padEnd(4),
    style.bold(id),
    states,
    style.dim([event, ...waysOf(transition)].join(' ')),
    ...(by === '' ? [] : [`by ${by}`]),
    ...ignoredText(transition).map((text) => style.yellow(text)),
  ];
  return `${parts.join('  ')}\n`;
}

/** What the event does not tell of the edges that were taken: which of several it was, and those that followed. */
function waysOf({ edges, event }: Transition): string[] {
  return edges.flatMap((edge, i) => {
    const way = edge.slice(edge.indexOf(':') + 1);
    const [named = '', number] = way.split('#');
    if (i > 0 || named !== event) return [`then ${way}`];
    return number === undefined ? [] : [`#${number}`];
  });
}

/** Events that its states did not take since it began. */
function ignoredText({ ignored }: Transition): string[] {
  const counts = Object.entries(ignored).map(([type, count]) => `${type} ${count}x`);
  return counts.length === 0 ? [] : [`ignored so far: ${counts.join(', ')}`];
}
