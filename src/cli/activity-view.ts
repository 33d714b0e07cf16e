import type { JsonValue } from '@bufbuild/protobuf';
import { PosternError } from '../errors.js';
import { type ActivityEvent, ActivityType } from '../gen/internal/activity.js';
import { statusNames } from '../rpc/status.js';
import type { RecordView } from './records.js';
import type { Style } from './style.js';

/** Words for the types, as the command line has them: `registered`, `forward-opened`. */
const words = new Map<ActivityType, string>(
  Object.entries(ActivityType).flatMap(([name, type]) =>
    type > 0 ? [[type, wordOf(name)] satisfies [ActivityType, string]] : [],
  ),
);

function wordOf(name: string): string {
  return name
    .replace(/^ACTIVITY_TYPE_/, '')
    .replace(/^(CLIENT|REQUEST)_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

/** The types that a word stands for; `opened` is of calls and of forwards. Throws `OPTION_INVALID` (exit status 2). */
export function typesOf(word: string): ActivityType[] {
  const types = [...words].flatMap(([type, each]) =>
    each === word || each.endsWith(`-${word}`) ? [type] : [],
  );
  if (types.length > 0) return types;
  throw new PosternError('OPTION_INVALID', `--type: there is no type ${JSON.stringify(word)}`, {
    hint: `it is one of ${[...words.values()].join(', ')}`,
    exitCode: 2,
  });
}

/** How `postern activity` prints an event. */
export function activityView(style: Style): RecordView<ActivityEvent> {
  return {
    root: 'activity',
    element: 'event',
    name: ({ callId, cursor }) => (callId === '' ? cursor : callId),
    json: eventJson,
    columns: [
      { title: 'TIME', text: timeText, paint: (padded) => style.dim(padded) },
      { title: 'TYPE', text: typeText, paint: (padded, event) => paintType(style, padded, event.type) },
      { title: 'NODE', text: ({ node }) => node || '-', paint: (padded) => style.bold(padded) },
      { title: 'METHOD', text: ({ method }) => method || '-' },
      { title: 'CALLER', text: ({ caller }) => caller || '-' },
      {
        title: 'STATUS',
        text: statusText,
        paint: (padded, { code }) => (code === 0 ? padded : style.red(padded)),
      },
      { title: 'DURATION', text: durationText },
      { title: 'BYTES', text: bytesText },
      { title: 'ABOUT', text: aboutText, paint: (padded) => style.dim(padded) },
    ],
  };
}

/** Columns are so wide at least: events come one by one. */
export const activityWidths: readonly number[] = [23, 14, 12, 36, 10, 9, 8, 11];

/** The event with the field names of its message, without what is not said of it. */
function eventJson(event: ActivityEvent): JsonValue {
  const { type, timeMs, message, cursor, ...rest } = event;
  const said = Object.entries(rest).filter(([name, value]) =>
    name === 'code' ? hasStatus(event) : Boolean(value),
  );
  const status = hasStatus(event) ? { status: statusNames[event.code] ?? String(event.code) } : {};
  const time = new Date(timeMs).toISOString();
  return {
    time,
    type: words.get(type) ?? 'unknown',
    ...Object.fromEntries(said),
    ...status,
    message,
    cursor,
  };
}

function timeText({ timeMs }: ActivityEvent): string {
  return new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '');
}

function typeText({ type }: ActivityEvent): string {
  return words.get(type) ?? 'unknown';
}

function paintType(style: Style, padded: string, type: ActivityType): string {
  if (type === ActivityType.ACTIVITY_TYPE_GAP) return style.red(padded);
  if (type === ActivityType.ACTIVITY_TYPE_CLIENT_REGISTERED) return style.green(padded);
  const odd: readonly ActivityType[] = [
    ActivityType.ACTIVITY_TYPE_CLIENT_UNREGISTERED,
    ActivityType.ACTIVITY_TYPE_REQUEST_REFUSED,
  ];
  return odd.includes(type) ? style.yellow(padded) : padded;
}

/** Only what has ended, was refused, or was done has a status. */
function hasStatus({ type }: ActivityEvent): boolean {
  const ended: readonly ActivityType[] = [
    ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED,
    ActivityType.ACTIVITY_TYPE_REQUEST_REFUSED,
    ActivityType.ACTIVITY_TYPE_FORWARD_ENDED,
    ActivityType.ACTIVITY_TYPE_OPERATED,
  ];
  return ended.includes(type);
}

function isCall({ callId }: ActivityEvent): boolean {
  return callId !== '';
}

function statusText(event: ActivityEvent): string {
  return hasStatus(event) ? (statusNames[event.code] ?? String(event.code)) : '-';
}

function durationText(event: ActivityEvent): string {
  if (!isCall(event)) return '-';
  const { durationUs } = event;
  if (durationUs < 1_000) return `${durationUs}us`;
  if (durationUs < 1_000_000) return `${(durationUs / 1_000).toFixed(1)}ms`;
  return `${(durationUs / 1_000_000).toFixed(1)}s`;
}

function bytesText(event: ActivityEvent): string {
  if (!isCall(event) || !hasStatus(event)) return '-';
  return `${event.requestBytes}/${event.responseBytes}`;
}

function aboutText({ type, callId, instance, transport, reason, count, message }: ActivityEvent): string {
  if (type === ActivityType.ACTIVITY_TYPE_GAP) return message;
  if (type === ActivityType.ACTIVITY_TYPE_OPERATED) return message.replace(/^operated /, '');
  if (callId !== '') return `call ${callId}`;
  if (instance !== '') return transport === '' ? instance : `${instance} (${transport})`;
  return count > 1 ? `${reason}, ${count} times` : reason;
}
