import { messagesOf } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { ActivityConnectRequest, ActivityEvent } from '../../gen/internal/activity.js';
import { activityView, activityWidths, typesOf } from '../activity-view.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList, formatOne, headOf } from '../records.js';
import { type Answered, lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** How far it is looked back where nothing is said, in milliseconds. */
const lookBackMs = 3_600_000;
/** As `since_ms`: everything that is kept. */
const everything = 1;

/** `postern activity`. */
export function run(invocation: Invocation): Promise<number> {
  const request = requestOf(invocation);
  const { stdout } = invocation.streams;
  const view = activityView(styleFor(stdout, invocation.env));
  const format = listFormatOf(invocation);
  let titled = format !== 'table';
  const title = (): void => {
    if (!titled) stdout.write(headOf(view.columns, activityWidths));
    titled = true;
  };
  const print = (event: ActivityEvent): void => {
    title();
    stdout.write(formatOne(format, view, event, activityWidths));
  };
  if (!request.historyOnly) {
    return lookOn(invocation, (connection, answered) => {
      title();
      return follow(connection, request, print, answered);
    });
  }
  return withHub(invocation, async (connection) => {
    // one document cannot be printed bit by bit
    const whole = format === 'json' || format === 'yaml' || format === 'xml';
    const kept: ActivityEvent[] = [];
    let any = false;
    for await (const event of messagesOf(connect(connection, request))) {
      any = true;
      if (whole) kept.push(event);
      else print(event);
    }
    if (whole) stdout.write(formatList(format, view, kept));
    else if (!any && format === 'table') invocation.streams.stderr.write('nothing of this is kept\n');
    return 0;
  });
}

/** Prints what comes; `request` is moved on with each event, so that the next attempt goes on behind it. */
async function follow(
  connection: HubConnection,
  request: ActivityConnectRequest,
  print: (event: ActivityEvent) => void,
  answered: Answered,
): Promise<number> {
  const stream = connect(connection, request);
  stream.on('metadata', (metadata) => {
    const [cursor] = metadata.get('x-postern-cursor');
    if (typeof cursor === 'string' && request.afterCursor === '') request.afterCursor = cursor;
    answered();
  });
  for await (const event of messagesOf(stream)) {
    request.afterCursor = event.cursor;
    print(event);
  }
  return 0;
}

function connect(connection: HubConnection, request: ActivityConnectRequest) {
  return hubServices(connection).activity.connect(request, connection.metadata());
}

function requestOf({ options, words }: Invocation): ActivityConnectRequest {
  const [node = ''] = words;
  const historyOnly = !options.flag('follow');
  const since = options.durationMs('since');
  const call = options.text('call') ?? '';
  const trace = options.text('trace') ?? '';
  const unsaid = call !== '' || trace !== '' ? everything : historyOnly ? Date.now() - lookBackMs : 0;
  return {
    afterCursor: options.text('after') ?? '',
    sinceMs: since === undefined ? unsaid : Math.max(everything, Math.round(Date.now() - since)),
    historyOnly,
    nodes: node === '' ? [] : [node],
    types: options
      .list('type')
      .flatMap((text) => text.split(','))
      .flatMap(typesOf),
    methods: options.list('method').flatMap((text) => text.split(',')),
    callId: call,
    traceId: trace,
  };
}
