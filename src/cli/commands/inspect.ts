import { messagesOf } from '../../client/call-failed.js';
import { jsonLine } from '../../client/codecs/json.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { FollowResponse } from '../../gen/postern/v1/inspect.js';
import type { Invocation } from '../invocation.js';
import { lookOn } from '../redial.js';
import { type Style, styleFor } from '../style.js';
import { withHub } from '../with-hub.js';

/** `postern inspect`. */
export function run(invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.streams;
  const style = styleFor(stdout, invocation.env);
  const asJson = invocation.options.text('output') === 'jsonl';
  const told = new Told((transition) => {
    stdout.write(asJson ? jsonLine(transitionJson(transition)) : transitionText(style, transition));
  });
  const node = invocation.words[0] ?? '';
  const wanted = { machine: invocation.options.text('machine') ?? '', node };
  if (invocation.options.flag('follow')) {
    return lookOn(invocation, async (connection, answered) => {
      for (const transition of await history(connection, wanted)) told.tell(transition);
      answered();
      for await (const transition of follow(connection, { ...wanted, historyOnly: false }))
        told.tell(transition);
      return 0;
    });
  }
  return withHub(invocation, async (connection) => {
    for (const transition of await history(connection, wanted)) told.tell(transition);
    if (told.nothing) {
      stderr.write(`nothing is kept about ${node === '' ? 'any node' : `a node '${node}'`}\n`);
    }
    return 0;
  });
}

/** So many transitions are remembered, so that none is told twice; more than the streams keep of many nodes. */
const mostRemembered = 100_000;

/** Tells each transition once, however often it comes. */
class Told {
  readonly #print: (transition: FollowResponse) => void;
  readonly #keys = new Set<string>();

  constructor(print: (transition: FollowResponse) => void) {
    this.#print = print;
  }

  get nothing(): boolean {
    return this.#keys.size === 0;
  }

  tell(transition: FollowResponse): void {
    const key = keyOf(transition);
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    if (this.#keys.size > mostRemembered) {
      const [oldest] = this.#keys;
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    this.#print(transition);
  }
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
