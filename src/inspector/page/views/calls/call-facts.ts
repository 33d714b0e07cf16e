import type { ActivityEvent } from '../../../../gen/web/internal/activity_pb.js';
import { ActivityType } from '../../../../gen/web/internal/activity_pb.js';
import type { NotableCall } from '../../../../gen/web/postern/v1/inspector_pb.js';

/** What is known of one call, from wherever. */
export interface CallFacts {
  /** `<hub>-<number>`; '' where it was refused before it had one. */
  readonly id: string;
  readonly node: string;
  readonly method: string;
  /** When it began, Unix time in milliseconds. */
  readonly atMs: number;
  /** It has not ended yet, as far as is known. */
  readonly open: boolean;
  readonly status: number;
  /** Why, where the hub knows. */
  readonly reason: string;
  readonly caller: string;
  readonly instance: string;
  readonly trace: string;
  readonly totalMs: number;
  readonly agentMs: number | undefined;
  readonly serverMs: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** How many there were alike. */
  readonly count: number;
}

/** From what hubs tell each second. */
export function factsOfNotable(call: NotableCall): CallFacts {
  const { node, method, atMs, status, message, caller, instance, trace, totalMs, agentMs, serverMs } = call;
  return {
    id: call.call,
    ...{ node, method, atMs, status, caller, instance, trace, totalMs, agentMs, serverMs },
    open: false,
    reason: message,
    requestBytes: Number(call.requestBytes),
    responseBytes: Number(call.responseBytes),
    count: 1,
  };
}

/** From the activity; undefined: the event is not about a call. */
export function factsOfEvent(event: ActivityEvent): CallFacts | undefined {
  const { type, node, method, caller, code, instance, traceId, callId, reason, made } = event;
  const refused = type === ActivityType.REQUEST_REFUSED;
  const open = type === ActivityType.REQUEST_OPENED;
  if (!refused && !open && type !== ActivityType.REQUEST_PROXIED) return undefined;
  return {
    id: callId,
    ...{ node, method, caller, instance, open },
    atMs: Number(event.timeMs),
    status: code,
    reason: refused ? reason : made ? 'made by Postern or the network, not by the server' : '',
    trace: traceId,
    totalMs: Number(event.durationUs) / 1000,
    agentMs: undefined,
    serverMs: undefined,
    requestBytes: Number(event.requestBytes),
    responseBytes: Number(event.responseBytes),
    count: Math.max(1, Number(event.count)),
  };
}
