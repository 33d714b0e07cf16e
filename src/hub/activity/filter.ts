import type { ActivityKind, ActivityMessage, ActivityRecord } from '../../bus/activity-message.js';
import { tokenOfText } from '../../bus/subject-token.js';

/** Which events a reader wants; what is absent leaves nothing out. */
export interface ActivityFilter {
  readonly kinds?: readonly ActivityKind[] | undefined;
  readonly nodes?: readonly string[] | undefined;
  /** `pkg.Service/Method`, or `pkg.Service`. */
  readonly methods?: readonly string[] | undefined;
  /** Id of a call: the hub's, a dash, and the call's number there. */
  readonly call?: string | undefined;
  readonly trace?: string | undefined;
  /** Unix time in milliseconds: what was over before is left out. */
  readonly sinceMs?: number | undefined;
  /** Whether the reader may know of the node; '' for what is about none. */
  readonly mayKnow: (node: string) => boolean;
}

/** Parameters of the subject that narrow down what has to be read; gaps are not among it when there are any. */
export function subjectOf({
  kinds,
  nodes,
  methods,
}: ActivityFilter): Partial<Record<'kind' | 'node' | 'service' | 'method', string>> {
  const [kind] = kinds ?? [];
  const [node] = nodes ?? [];
  const [service, method] = methods?.length === 1 ? (methods[0]?.split('/') ?? []) : [];
  return {
    ...(kinds?.length === 1 && kind !== undefined ? { kind } : {}),
    ...(nodes?.length === 1 && node !== undefined ? { node } : {}),
    ...(service === undefined ? {} : { service: tokenOfText(service) }),
    ...(method === undefined ? {} : { method: tokenOfText(method) }),
  };
}

/** The same decision for each event of a message; undefined: none is wanted. */
export function wants(
  filter: ActivityFilter,
  { kind, node, method, hub }: ActivityMessage,
): ((event: ActivityRecord) => boolean) | undefined {
  const { kinds, nodes, methods, call, trace, sinceMs = 0, mayKnow } = filter;
  const recent = ({ at, us = 0, toMs = 0 }: ActivityRecord) => Math.max(at + us / 1000, toMs) >= sinceMs;
  // Where something is missing, it may be what the reader looks for.
  if (kind === 'gap') return recent;
  if (kinds !== undefined && !kinds.includes(kind)) return undefined;
  if (nodes !== undefined && !nodes.includes(node)) return undefined;
  if (methods !== undefined && !methods.some((each) => method === each || method.startsWith(`${each}/`))) {
    return undefined;
  }
  if (!mayKnow(node)) return undefined;
  if (call !== undefined && !call.startsWith(`${hub}-`)) return undefined;
  return (event) =>
    recent(event) &&
    (call === undefined || (event.call !== undefined && call === `${hub}-${event.call}`)) &&
    (trace === undefined || event.trace === trace);
}
