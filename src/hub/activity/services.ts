import { Metadata } from '@grpc/grpc-js';
import type { Bus } from '../../bus/bus.js';
import { nodeName } from '../../bus/messages.js';
import { errorText, PosternError } from '../../errors.js';
import type { ActivityConnectRequest, ActivityEvent, ActivityServer } from '../../gen/internal/activity.js';
import type { HubServer } from '../../gen/internal/hub.js';
import type { Logger } from '../../log.js';
import type { Caller } from '../caller-metadata.js';
import { covers } from '../covered.js';
import type { Nodes } from '../nodes.js';
import { type Outgoing, streaming } from '../own-calls.js';
import { listClients } from './clients.js';
import { parseCursor } from './cursor.js';
import type { ActivityFilter } from './filter.js';
import { ActivityReader, type ActivityStart } from './reader.js';
import { kindOfType, shownEvent } from './shown.js';

type ReadableBus = Pick<Bus, 'page' | 'onKept'>;

/** Who may look on at what happens. */
const lookers = ['operate', 'trace'] as const;
/** Nodes, types or methods that one request may name. */
const mostNamed = 100;

/** `internal.Hub` and `internal.Activity`. */
export function activityServices(
  bus: ReadableBus,
  nodes: Pick<Nodes, 'all' | 'view'>,
  log: Logger,
): { hub: HubServer; activity: ActivityServer } {
  const mayKnow = (caller: Caller) => (node: string) =>
    node === '' ? caller.nodes === undefined : covers(caller, node, nodes);
  return {
    hub: {
      listClients: listClients(nodes, log),
      streamActivityFeed: streaming(lookers, log, (_request, caller, out) =>
        follow(bus, { filter: { mayKnow: mayKnow(caller) }, start: {}, follow: true }, out),
      ),
    },
    activity: {
      connect: streaming(lookers, log, (request, caller, out) => {
        const start = startOf(request);
        const filter = { ...filterOf(request), ...start.filter, mayKnow: mayKnow(caller) };
        return follow(bus, { filter, start: start.start, follow: !request.historyOnly }, out);
      }),
    },
  };
}

/** Sends events for as long as the reader takes them; it is waited for. */
function follow(
  bus: ReadableBus,
  { filter, start, follow: goOn }: { filter: ActivityFilter; start: ActivityStart; follow: boolean },
  out: Outgoing<ActivityEvent>,
): { stop: () => void; drained: () => void } {
  const over = new AbortController();
  let resume = (): void => {};
  const send = async (): Promise<void> => {
    const reader = new ActivityReader(bus, { filter, start, signal: over.signal });
    const cursor = await reader.begin();
    if (over.signal.aborted) return;
    const metadata = new Metadata();
    if (cursor !== undefined) metadata.set('x-postern-cursor', cursor);
    out.head(metadata);
    for await (const events of reader.events(goOn)) {
      for (const event of events) {
        if (over.signal.aborted) return;
        if (out.write(shownEvent(event))) continue;
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
    }
    if (!over.signal.aborted) out.end();
  };
  send().catch((thrown: unknown) => {
    if (over.signal.aborted) return;
    out.fail(thrown instanceof PosternError ? thrown : new PosternError('INTERNAL', errorText(thrown)));
  });
  return {
    stop: () => {
      over.abort();
      resume();
    },
    drained: () => resume(),
  };
}

function startOf({ afterCursor, sinceMs }: ActivityConnectRequest): {
  start: ActivityStart;
  filter: Pick<ActivityFilter, 'sinceMs'>;
} {
  if (afterCursor !== '') return { start: { cursor: parseCursor(afterCursor) }, filter: {} };
  if (sinceMs === 0) return { start: {}, filter: {} };
  if (sinceMs < 0 || sinceMs > 8.64e15) throw invalid('since_ms', 'it is no time');
  return { start: { sinceMs }, filter: { sinceMs } };
}

/** Throws `INVALID_ARGUMENT` for what can never fit anything. */
function filterOf(request: ActivityConnectRequest): Omit<ActivityFilter, 'mayKnow'> {
  const { nodes, types, methods, callId, traceId } = request;
  for (const [name, list] of Object.entries({ nodes, types, methods })) {
    if (list.length > mostNamed) throw invalid(name, `there are more than ${mostNamed}`);
  }
  const badNode = nodes.find((node) => !nodeName.safeParse(node).success);
  if (badNode !== undefined) throw invalid('nodes', `${JSON.stringify(badNode.slice(0, 64))} names no node`);
  const kinds = types.map((type) => kindOfType(type) ?? unknownType(type));
  const bare = methods.map((method) => method.replace(/^\//, ''));
  if (bare.some((method) => !/^[^/\s]+(\/[^/\s]+)?$/.test(method) || method.length > 256)) {
    throw invalid('methods', 'a method is pkg.Service/Method, or pkg.Service for all of them');
  }
  const trace = traceId.toLowerCase();
  if (trace !== '' && !/^[0-9a-f]{32}$/.test(trace)) {
    throw invalid('trace_id', 'a trace id has 32 hexadecimal digits');
  }
  return {
    ...(kinds.length === 0 ? {} : { kinds }),
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(bare.length === 0 ? {} : { methods: bare }),
    ...(callId === '' ? {} : { call: callId }),
    ...(trace === '' ? {} : { trace }),
  };
}

function unknownType(type: number): never {
  throw invalid('types', `there is no type ${type}`);
}

function invalid(field: string, why: string): PosternError {
  return new PosternError('INVALID_ARGUMENT', `${field}: ${why}`);
}
