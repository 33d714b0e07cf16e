import type { LinkEvent } from '../../machines/link.js';
import type { Bus } from '../bus/bus.js';
import { type Bye, protocolVersion, type Transport } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';
import { errorText, PosternError } from '../errors.js';

/** The longest that a hub may take to answer, milliseconds. */
const helloTimeoutMs = 5_000;

/** Who asks for a place. */
export interface HelloAsk {
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  /** Random id of this start of the agent. */
  readonly boot: string;
  /** Version of Postern. */
  readonly version: string;
  readonly share: boolean;
  readonly labels: Record<string, string>;
  /** Path prefixes that it serves; empty: all. */
  readonly services: readonly string[];
}

/** Asks any hub for a place, or for the place of `instance`, and tells what the link machine has to know of it. */
export async function sayHello(
  bus: Bus,
  ask: HelloAsk & { readonly transport: Transport },
  instance: string | undefined,
): Promise<LinkEvent> {
  try {
    const answer = await bus.request(
      subjects.hello,
      { node: ask.node, key: ask.key },
      {
        v: protocolVersion,
        version: ask.version,
        features: [],
        boot: ask.boot,
        ...(instance === undefined ? {} : { instance }),
        share: ask.share,
        labels: ask.labels,
        services: [...ask.services],
        transport: ask.transport,
      },
      { timeoutMs: helloTimeoutMs },
    );
    if (!answer.ok) return { type: 'HELLO_REFUSED', code: answer.code, message: answer.message };
    const { epoch, hub, pingIntervalMs } = answer;
    return { type: 'HELLO_ACCEPTED', instance: answer.instance, epoch, hub, pingIntervalMs };
  } catch (thrown) {
    const code = thrown instanceof PosternError ? thrown.code : 'HELLO_FAILED';
    return { type: 'HELLO_FAILED', code, message: errorText(thrown) };
  }
}

/** Tells the hubs that the instance takes no new calls, or is gone. */
export function sayBye(bus: Bus, { node, key }: HelloAsk, bye: Bye): void {
  bus.publish(subjects.bye, { node, key }, bye);
}
