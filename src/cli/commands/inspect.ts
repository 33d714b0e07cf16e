import { messagesOf } from '../../client/call-failed.js';
import { jsonLine } from '../../client/codecs/json.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { FollowResponse } from '../../gen/postern/v1/inspect.js';
import type { Invocation } from '../invocation.js';
import { type Style, styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern inspect`. */
export function run(invocation: Invocation): Promise<number> {
  return withHub(invocation, async (connection) => {
    const { stdout, stderr } = invocation.streams;
    const style = styleFor(stdout, invocation.env);
    const print = (transition: FollowResponse): void => {
      const asJson = invocation.options.text('output') === 'jsonl';
      stdout.write(asJson ? jsonLine(transitionJson(transition)) : transitionText(style, transition));
    };
    const node = invocation.words[0] ?? '';
    const wanted = { machine: invocation.options.text('machine') ?? '', node };

    const told = await history(connection, wanted);
    for (const transition of told) print(transition);
    if (!invocation.options.flag('follow')) {
      if (told.length === 0) {
        stderr.write(`nothing is kept about ${node === '' ? 'any node' : `a node '${node}'`}\n`);
      }
      return 0;
    }
    const seen = new Set(told.map(keyOf));
    for await (const transition of follow(connection, { ...wanted, historyOnly: false })) {
      if (!seen.delete(keyOf(transition))) print(transition);
    }
    return 0;
  });
}

type Wanted = { machine: string; node: string };

function follow(connection: HubConnection, request: Wanted & { historyOnly: boolean }) {
  return messagesOf(hubServices(connection).inspect.follow(request, connection.metadata()));
}

/** What is kept, in the order of time: machines have streams of their own. */
async function history(connection: HubConnection, wanted: Wanted): Promise<FollowResponse[]> {
  const kept: FollowResponse[] = [];
  for await (const transition of follow(connection, { ...wanted, historyOnly: true })) kept.push(transition);
  return kept.toSorted((a, b) => a.atMs - b.atMs);
}

function keyOf({ machine, id, atMs, sequence }: FollowResponse): string {
  return `${machine} ${id} ${atMs} ${sequence}`;
}

function transitionJson({ contextJson, ...rest }: FollowResponse) {
  return { ...rest, context: JSON.parse(contextJson || '{}') };
}

function transitionText(style: Style, { atMs, machine, id, from, to, event }: FollowResponse): string {
  const time = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
  return `${style.dim(time)}  ${machine.padEnd(4)}  ${style.bold(id)}  ${from} -> ${to}  ${style.dim(event)}\n`;
}
