import { type ActivityKind, type ActivityRecord, activityKinds } from '../../bus/activity-message.js';
import { type ActivityEvent, ActivityType } from '../../gen/internal/activity.js';
import { forwardPath, targetOfPath } from '../../rpc/forward.js';
import { statusNames } from '../../rpc/status.js';
import type { ToldEvent } from './reader.js';

const typeOf: Readonly<Record<ActivityKind, ActivityType>> = {
  registered: ActivityType.ACTIVITY_TYPE_CLIENT_REGISTERED,
  unregistered: ActivityType.ACTIVITY_TYPE_CLIENT_UNREGISTERED,
  proxied: ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED,
  opened: ActivityType.ACTIVITY_TYPE_REQUEST_OPENED,
  refused: ActivityType.ACTIVITY_TYPE_REQUEST_REFUSED,
  'forward-opened': ActivityType.ACTIVITY_TYPE_FORWARD_OPENED,
  'forward-ended': ActivityType.ACTIVITY_TYPE_FORWARD_ENDED,
  operated: ActivityType.ACTIVITY_TYPE_OPERATED,
  gap: ActivityType.ACTIVITY_TYPE_GAP,
};

/** The kind that a type stands for; undefined: none that is known here. */
export function kindOfType(type: ActivityType): ActivityKind | undefined {
  return activityKinds.find((kind) => typeOf[kind] === type);
}

/** An event as the API shows it. */
export function shownEvent(told: ToldEvent): ActivityEvent {
  const { kind, node, method, hub, event, cursor } = told;
  return {
    message: messageOf(told),
    type: typeOf[kind],
    node,
    method,
    caller: event.caller ?? '',
    code: event.code ?? 0,
    timeMs: event.at,
    durationUs: event.us ?? 0,
    requestBytes: event.in ?? 0,
    responseBytes: event.out ?? 0,
    callId: event.call === undefined ? '' : `${hub}-${event.call}`,
    traceId: event.trace ?? '',
    instance: event.instance ?? '',
    cursor,
    hub,
    reason: event.reason ?? '',
    count: event.count ?? 0,
    lost: event.lost ?? 0,
    lostFromMs: event.fromMs ?? 0,
    lostToMs: event.toMs ?? 0,
    transport: event.transport ?? '',
    made: event.made ?? false,
    actor: event.actor ?? '',
    operation: event.operation ?? '',
    note: event.note ?? '',
    outcome: event.outcome ?? '',
  };
}

/** The first three are those that programs of before know, word for word. */
function messageOf({ kind, node, method, event }: ToldEvent): string {
  switch (kind) {
    case 'registered':
      return `registered client with name: ${node}`;
    case 'unregistered':
      return `unregistered client with name: ${node}`;
    case 'opened':
      return `proxying gRPC request (/${method}) to: ${node}`;
    case 'proxied':
      return `${event.opened === true ? 'proxied' : 'proxying'} gRPC request (/${method}) to: ${node}`;
    case 'refused':
      return refusedText(node, method, event);
    case 'forward-opened':
      return `forwarding ${targetText(method)} to: ${node}`;
    case 'forward-ended':
      return `${event.opened === true ? 'forwarded' : 'forwarding'} ${targetText(method)} to: ${node}`;
    case 'operated':
      return operatedText(event);
    case 'gap':
      return gapText(event);
  }
}

function refusedText(
  node: string,
  method: string,
  { code = 2, reason = '', count = 1 }: ActivityRecord,
): string {
  const what = method === '' ? 'gRPC requests' : `gRPC request (/${method})`;
  const to = node === '' ? '' : ` to: ${node}`;
  const times = count > 1 ? `, ${count} times` : '';
  return `refused ${what}${to}: ${statusNames[code] ?? code} (${reason})${times}`;
}

function operatedText({
  actor = '',
  operation = '',
  note = '',
  outcome = '',
  code = 0,
  count = 1,
}: ActivityRecord): string {
  const how = code === 0 ? outcome : `${statusNames[code] ?? code}: ${outcome}`;
  const why = note === '' ? '' : ` (${note})`;
  const times = count > 1 ? `, ${count} times` : '';
  return `operated ${actor === '' ? 'actors' : `${actor}: ${operation}`}${why}: ${how}${times}`;
}

function targetText(method: string): string {
  const target = targetOfPath(`/${method}`) ?? method;
  const shown = target.replace(/\p{Cc}/gu, '?');
  return shown === '' || forwardPath(target) !== `/${method}` ? 'a connection' : `a connection (${shown})`;
}

const gapReasons: Readonly<Record<string, string>> = {
  NOT_STORED: 'there was more than could be stored',
  NOT_KEPT: 'it is not kept any more',
  STREAM_NEW: 'what was kept is gone',
  HUB_GONE: 'a hub ended before it had told everything',
};

function gapText({ lost = 0, fromMs = 0, toMs = 0, reason = '' }: ActivityRecord): string {
  const many = lost > 0 ? `at least ${lost} events are missing` : 'events may be missing';
  const from = fromMs > 0 ? ` from ${new Date(fromMs).toISOString()}` : '';
  const to = toMs > 0 ? ` up to ${new Date(toMs).toISOString()}` : '';
  return `${many}${from}${to}: ${gapReasons[reason] ?? reason}`;
}
