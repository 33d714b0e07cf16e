import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientReadableStream, credentials } from '@grpc/grpc-js';
import type { Bus } from '../../src/bus/bus.js';
import type { Transition as Told } from '../../src/bus/messages.js';
import { subjects } from '../../src/bus/subjects.js';
import {
  InspectorClient,
  type WatchRequest,
  type WatchResponse,
} from '../../src/gen/postern/v1/inspector.js';
import { bearer } from '../hub/test-hub.js';
import { eventually } from '../support/processes.js';

/** A transition of a link, as its agent tells it. */
export function told(node: string, boot: string, sequence: number, over: Partial<Told> = {}): Told {
  return {
    ...{ v: 1, machine: 'link', id: `${node}.${boot}`, atMs: 1_000 + sequence, bornMs: 1_000, sequence },
    ...{
      event: `E${sequence}`,
      from: sequence === 0 ? '' : `s${sequence - 1}`,
      to: `s${sequence}`,
      context: {},
    },
    ...over,
  };
}

/** Tells transitions of a link on the bus of its agent. */
export function tell(agent: Bus, node: string, boot: string, sequences: readonly number[]): void {
  for (const sequence of sequences) {
    agent.publish(subjects.linkTransition, { node, boot }, told(node, boot, sequence));
  }
}

/** Tells transitions, and waits until the stream has kept the last of them. */
export async function tellKept(
  hub: Bus,
  agent: Bus,
  node: string,
  boot: string,
  sequences: readonly number[],
): Promise<void> {
  tell(agent, node, boot, sequences);
  const last = sequences.at(-1);
  await eventually('the transitions are kept', async () => {
    let after = 0;
    for (;;) {
      const page = await hub.page(subjects.linkTransition, { node, boot }, { after });
      if (!page.more) return page.messages.at(-1)?.body.sequence === last;
      const next = await hub.page(subjects.linkTransition, { node, boot }, { after: page.end });
      if (next.messages.length === 0) return page.messages.at(-1)?.body.sequence === last;
      after = page.end;
    }
  });
}

/** What a watch has told so far. */
export class Seen {
  readonly messages: WatchResponse[] = [];
  readonly call: ClientReadableStream<WatchResponse>;
  error: Error | undefined;
  ended = false;

  constructor(call: ClientReadableStream<WatchResponse>) {
    this.call = call;
    call.on('data', (message: WatchResponse) => this.messages.push(message));
    call.on('error', (error) => {
      this.error = error;
    });
    call.on('end', () => {
      this.ended = true;
    });
  }

  get live(): boolean {
    return this.messages.some(({ live }) => live);
  }
  get lost(): boolean {
    return this.messages.some(({ lost }) => lost);
  }
  /** The last place that was told. */
  get place(): string {
    return this.messages.findLast(({ place }) => place !== '')?.place ?? '';
  }
  /** `id#sequence` of all transitions, in order. */
  get transitions(): string[] {
    return this.messages.flatMap((one) => one.transitions.map(({ id, sequence }) => `${id}#${sequence}`));
  }
  /** `id state` of all actors that were told. */
  get actors(): string[] {
    return this.messages.flatMap((one) => one.actors.map(({ id, state }) => `${id} ${state}`));
  }
  /** Waits for what must come true. */
  async until(what: (seen: Seen) => boolean, withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!what(this)) {
      if (Date.now() > deadline || (this.error !== undefined && !this.ended)) {
        const told = JSON.stringify(this.messages).slice(0, 2_000);
        throw new Error(`it did not come true: ${what} (${this.error?.message ?? 'no error'}) ${told}`);
      }
      await sleep(10);
    }
  }
  cancel(): void {
    this.call.on('error', () => {});
    this.call.cancel();
  }
}

/** A client of the inspector of a hub. */
export function inspectorOf(address: string, token: string) {
  const client = new InspectorClient(address, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  const open: Seen[] = [];
  return {
    client,
    metadata: bearer(token),
    watch(request: Partial<WatchRequest> = {}): Seen {
      const whole = { filters: [], resume: '', history: 0, historyOnly: false, ...request };
      const seen = new Seen(client.watch(whole, bearer(token)));
      open.push(seen);
      return seen;
    },
    close(): void {
      for (const one of open) one.cancel();
      client.close();
    },
  };
}

/** A filter of which most is left out. */
export function filter(over: Partial<WatchRequest['filters'][number]>): WatchRequest['filters'][number] {
  return { machine: '', id: '', node: '', run: '', ...over };
}
