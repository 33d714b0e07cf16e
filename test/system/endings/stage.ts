import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { requestHeaders, type Seen, watch } from '../../wire/harness.js';

/** What a gRPC response begins with. */
export const ok = { ':status': 200, 'content-type': 'application/grpc' };

/** A hub, a node with its agent, and servers of this process behind it; all else are real processes. */
export interface Stage {
  readonly fleet: Fleet;
  readonly hub: RunningProcess;
  readonly agent: RunningProcess;
  /** The hub's front door. */
  readonly address: string;
  /** Metadata that get a call to the node. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A new connection to the hub. */
  client(): Promise<ClientHttp2Session>;
  /** Ends everything. */
  stop(): Promise<void>;
}

/** `upstreams` as `postern agent --to` takes them. */
export async function openStage(upstreams: readonly string[], extra: readonly string[] = []): Promise<Stage> {
  const fleet = await Fleet.make();
  try {
    const hub = await fleet.up();
    const agent = await fleet.agent('stage', upstreams, extra);
    const address = await fleet.hubAddress();
    const token = await fleet.callerToken('endings');
    const clients: ClientHttp2Session[] = [];
    return {
      fleet,
      hub,
      agent,
      address,
      metadata: { 'x-postern-node': 'stage', authorization: `Bearer ${token}` },
      async client() {
        // Node's own limit of 10 MB would have the client itself reset calls.
        const client = connect(`http://${address}`, { maxSessionMemory: 1_000 });
        clients.push(client.on('error', () => {}));
        await once(client, 'remoteSettings');
        return client;
      },
      async stop() {
        for (const client of clients) client.destroy();
        await fleet.stop();
      },
    };
  } catch (thrown) {
    await fleet.stop();
    throw thrown;
  }
}

/** A call as its client sees it. */
export interface StagedCall {
  readonly stream: ClientHttp2Stream;
  readonly seen: Seen;
  readonly closed: Promise<Seen>;
}

/** Opens a call; the request stays open. */
export function openCall(
  stage: Stage,
  client: ClientHttp2Session,
  path: string,
  more: OutgoingHttpHeaders = {},
  options: { endStream?: boolean } = {},
): StagedCall {
  const stream = client.request(requestHeaders({ ':path': path, ...stage.metadata, ...more }), {
    endStream: options.endStream ?? false,
  });
  const { seen, closed } = watch(stream);
  return { stream, seen, closed: inTime(closed, `the call ${path} ends`) };
}

/** The longest that any call of these tests takes. */
const longestCallMs = 60_000;

/** The same promise, but it rejects when it takes too long: a test shall fail, not hang. */
function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const bounded = new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`never came true: ${what}`)), longestCallMs).unref();
    void promise.then(resolve).finally(() => clearTimeout(timer));
  });
  // Not every test waits for the ends of all its calls.
  bounded.catch(() => {});
  return bounded;
}

/** `grpc-status` that a call ended with, wherever it stood. */
export function statusOf(seen: Seen): string | undefined {
  const last = seen.trailers ?? seen.head;
  const value = last?.headers['grpc-status'];
  return value === undefined ? undefined : String(value);
}

/** `grpc-message` likewise. */
export function messageOf(seen: Seen): string {
  return String((seen.trailers ?? seen.head)?.headers['grpc-message'] ?? '');
}

/** Fails unless the call ended with this status in good form: told in a header block, and no error code after it. */
export function assertEnded(seen: Seen, status: string, what: string): void {
  assert.equal(statusOf(seen), status, `${what}: ${messageOf(seen)}`);
  assert.ok((seen.trailers ?? seen.head)?.endStream, `${what}: the status comes with END_STREAM`);
  assert.equal(seen.rstCode, 0, `${what}: no error code after a status`);
}

/** The value of a metric of the hub that has no labels. */
export async function hubMetric(stage: Stage, name: string): Promise<number> {
  const { metrics } = stage.hub.ready;
  if (typeof metrics !== 'string') throw new Error('the hub does not tell its metrics');
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the hub has no metric ${name}`);
  return Number(line.slice(name.length));
}

/** Waits until nothing of any call is left in the hub. */
export async function nothingLeft(stage: Stage): Promise<void> {
  await eventually('no call and no byte is left in the hub', async () => {
    const open = await hubMetric(stage, 'postern_calls_in_flight');
    const bytes = await hubMetric(stage, 'postern_bus_buffered_bytes');
    return open === 0 && bytes === 0;
  });
}
