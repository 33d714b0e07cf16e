import { messagesOf } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { WatchCallsResponse } from '../../gen/postern/v1/inspector.js';
import { callsView } from '../calls/calls-view.js';
import { countMethods, RecentCalls } from '../calls/recent-calls.js';
import type { Invocation } from '../invocation.js';
import { listFormatOf } from '../list-format.js';
import { formatList } from '../records.js';
import { type Answered, lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** Puts a terminal's cursor into the upper left corner, and clears what is behind it. */
const clearScreen = '\u001b[H\u001b[J';

/** `postern calls`. */
export function run(invocation: Invocation): Promise<number> {
  const [node = ''] = invocation.words;
  if (!invocation.options.flag('watch')) {
    return withHub(invocation, (connection) => lastMinute(invocation, connection, node));
  }
  if (listFormatOf(invocation) === 'table') {
    return lookOn(invocation, (connection, answered) => watchTable(invocation, connection, node, answered));
  }
  const print = secondsPrinter(invocation);
  const seen = { untilMs: 0 };
  return lookOn(invocation, (connection, answered) => watchSeconds(connection, node, seen, print, answered));
}

/** Prints what is kept, which is the last minute. */
async function lastMinute(invocation: Invocation, connection: HubConnection, node: string): Promise<number> {
  const { stdout, stderr } = invocation.streams;
  const recent = new RecentCalls();
  const stream = watchCalls(connection, node);
  for await (const second of messagesOf(stream)) {
    recent.add(second);
    // What is kept ends with a second without calls.
    if (second.methods.length === 0) break;
  }
  stream.cancel();
  const format = listFormatOf(invocation);
  const counts = recent.counts(Date.now());
  if (counts.length === 0 && format === 'table') stderr.write('no call has ended within the last minute\n');
  else stdout.write(formatList(format, callsView(styleFor(stdout, invocation.env)), counts));
  return 0;
}

/** Shows the last minute as it goes on; a terminal is drawn anew. */
async function watchTable(
  { streams: { stdout }, env }: Invocation,
  connection: HubConnection,
  node: string,
  answered: Answered,
): Promise<number> {
  // A connection begins with the last minute, so that one after another knows all of it again.
  const recent = new RecentCalls();
  const view = callsView(styleFor(stdout, env));
  const draw = (): void => {
    const lines = formatList('table', view, recent.counts(Date.now()));
    if (stdout.isTTY !== true) stdout.write(`${lines}\n`);
    else {
      const most = Math.max(2, ('rows' in stdout && Number(stdout.rows)) || 24) - 1;
      stdout.write(`${clearScreen}${lines.split('\n').slice(0, most).join('\n')}\n`);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const second of messagesOf(watchCalls(connection, node))) {
      answered();
      recent.add(second);
      if (timer === undefined && second.methods.length === 0) {
        draw();
        timer = setInterval(draw, 1_000);
      }
    }
  } finally {
    clearInterval(timer);
  }
  return 0;
}

/** Prints each second by itself. */
type SecondsPrinter = (second: WatchCallsResponse) => void;

function secondsPrinter(invocation: Invocation): SecondsPrinter {
  const { stdout } = invocation.streams;
  const view = callsView(styleFor(stdout, invocation.env));
  const format = listFormatOf(invocation) === 'name' ? 'name' : 'jsonl';
  return ({ atMs, methods }) => {
    const at = new Date(atMs).toISOString();
    for (const count of countMethods(methods, 1)) {
      const timed = { ...view, json: () => ({ at, ...count, ended: { ...count.ended } }) };
      stdout.write(formatList(format, timed, [count]));
    }
  };
}

/** Prints what is kept, and what comes; after a loss what came since. */
async function watchSeconds(
  connection: HubConnection,
  node: string,
  seen: { untilMs: number },
  print: SecondsPrinter,
  answered: Answered,
): Promise<number> {
  const after = seen.untilMs;
  for await (const second of messagesOf(watchCalls(connection, node))) {
    answered();
    if (second.methods.length === 0 || second.atMs <= after) continue;
    print(second);
    seen.untilMs = Math.max(seen.untilMs, second.atMs);
  }
  return 0;
}

function watchCalls(connection: HubConnection, node: string) {
  return hubServices(connection).inspector.watchCalls({ node }, connection.metadata());
}
