import { once } from 'node:events';
import type { JsonValue } from '@bufbuild/protobuf';
import { nodeName } from '../../bus/messages.js';
import { messagesOf } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import type { Invocation } from '../invocation.js';
import { nodeJson } from '../node-view.js';
import { type Answered, lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { readCondition, seenText, type WaitCondition } from '../wait-condition.js';
import { connectTimeoutOf } from '../with-hub.js';
import { listNodes } from './nodes.js';

/** The bound of the first answer where it is looked once, beside that of connecting, in milliseconds. */
const firstAnswerMs = 15_000;
/** A timer that is set for longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** `postern wait`. */
export async function run(invocation: Invocation): Promise<number> {
  const names = [...new Set(invocation.words.filter((word) => word !== undefined))];
  for (const name of names) mustBeNodeName(name);
  const conditions = conditionsOf(invocation);
  const timeoutMs = invocation.options.durationMs('timeout') ?? 0;
  const over = new AbortController();
  const boundMs = timeoutMs === 0 ? connectTimeoutOf(invocation) + firstAnswerMs : timeoutMs;
  const timer = setTimeout(() => over.abort(), Math.min(boundMs, longestTimerMs));
  const waiting = new Waiting(names, conditions, (text) => tell(invocation, text));
  let lost: PosternError | undefined;
  try {
    const ended = lookOn(
      invocation,
      async (connection, answered) => {
        const met = await waiting.look(connection, over.signal, timeoutMs === 0, () => {
          lost = undefined;
          answered();
        });
        if (!met) over.abort();
        return 0;
      },
      {
        until: over.signal,
        lost: (why) => {
          lost = why;
        },
      },
    );
    const untilOver = ended.catch((thrown: unknown) => {
      if (!over.signal.aborted) throw thrown;
    });
    await Promise.race([untilOver, once(over.signal, 'abort')]);
  } finally {
    clearTimeout(timer);
  }
  const met = waiting.met;
  if (invocation.options.text('output') === 'json') {
    invocation.streams.stdout.write(`${JSON.stringify({ met, nodes: waiting.json() }, null, 2)}\n`);
  } else if (met) {
    for (const text of waiting.seen()) invocation.streams.stdout.write(`${text}\n`);
  }
  if (met) return 0;
  const wanted = conditions.map(({ text }) => text).join(' and ');
  const seen = lost === undefined ? waiting.seen().join('; ') : lost.message;
  throw new PosternError('WAIT_TIMEOUT', `${wanted} did not come true within ${timeoutMs / 1000} s: ${seen}`);
}

/** What is known of the nodes that are waited for. */
class Waiting {
  readonly #names: readonly string[];
  readonly #conditions: readonly WaitCondition[];
  readonly #tell: (text: string) => void;
  readonly #nodes = new Map<string, Node>();
  readonly #told = new Map<string, string>();
  /** All have fulfilled all, at the same time. */
  met = false;

  constructor(
    names: readonly string[],
    conditions: readonly WaitCondition[],
    tellOf: (text: string) => void,
  ) {
    this.#names = names;
    this.#conditions = conditions;
    this.#tell = tellOf;
  }

  /** Looks at the hub until all is fulfilled, or once; resolves to whether it is. */
  async look(
    connection: HubConnection,
    until: AbortSignal,
    onlyOnce: boolean,
    answered: Answered,
  ): Promise<boolean> {
    const [only = ''] = this.#names;
    const name = this.#names.length === 1 ? only : '';
    this.#nodes.clear();
    for (const node of await listNodes(connection, name)) this.#take(node);
    answered();
    if (this.#judge() || onlyOnce) return this.met;
    const stream = hubServices(connection).nodes.watchNodes({ name }, connection.metadata());
    const stop = (): void => stream.cancel();
    until.addEventListener('abort', stop);
    try {
      for await (const { node } of messagesOf(stream)) {
        if (node === undefined || !this.#take(node)) continue;
        if (this.#judge()) return true;
      }
    } finally {
      until.removeEventListener('abort', stop);
      stop();
    }
    if (until.aborted) return this.met;
    throw new PosternError('HUB_UNREACHABLE', `the hub at ${connection.target.address} has ended the watch`);
  }

  /** A line for each node. */
  seen(): string[] {
    return this.#names.map((name) => seenText(name, this.#nodes.get(name)));
  }

  json(): JsonValue[] {
    return this.#names.map((name) => {
      const node = this.#nodes.get(name);
      return node === undefined ? { name, state: 'unknown' } : nodeJson(node);
    });
  }

  #take(node: Node): boolean {
    if (!this.#names.includes(node.name)) return false;
    this.#nodes.set(node.name, node);
    return true;
  }

  #judge(): boolean {
    this.met = this.#names.every((name) =>
      this.#conditions.every((condition) => condition.holds(this.#nodes.get(name))),
    );
    if (!this.met) {
      for (const name of this.#names) {
        const text = seenText(name, this.#nodes.get(name));
        if (this.#told.get(name) !== text) this.#tell(text);
        this.#told.set(name, text);
      }
    }
    return this.met;
  }
}

/** A name that no node can have would be waited for in vain. */
function mustBeNodeName(name: string): void {
  const checked = nodeName.safeParse(name);
  if (checked.success) return;
  const reason = checked.error.issues[0]?.message ?? '';
  throw new PosternError('NODE_INVALID', `'${name}' is no node: ${reason}`, { exitCode: 2 });
}

function conditionsOf({ options }: Invocation): WaitCondition[] {
  const given = options.list('for');
  return (given.length === 0 ? ['state=connected'] : given).map(readCondition);
}

/** Progress is for people alone. */
function tell({ streams: { stderr }, env }: Invocation, text: string): void {
  if (stderr.isTTY) stderr.write(`${styleFor(stderr, env).dim(`postern: ${text}`)}\n`);
}
