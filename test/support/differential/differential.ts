import assert from 'node:assert/strict';
import { Fleet } from '../fleet.js';
import { eventually } from '../processes.js';
import { type ClientSaw, type RawCall, RawClient } from './client.js';
import { comparable, type Field, valuesOf } from './fields.js';
import {
  type Scenario,
  type ScriptedServer,
  type ServedCall,
  type ServerSaw,
  startScriptedServer,
} from './server.js';

/** One call to be made twice. */
export interface Case {
  /** What the server does with the call. */
  readonly serve: Scenario;
  /** Request metadata, after the pseudo-headers, `te` and what `standard` is. */
  readonly metadata?: readonly Field[];
  /** Fields that stand for `te` and `content-type` of a usual request. */
  readonly standard?: readonly Field[];
  /** `:path`; default: one of its own. */
  readonly path?: string;
  /** `:authority`; default `server.test:50051`. */
  readonly authority?: string;
  /** The whole request: sent, then half-closed. 'none': the header block ends the request. Ignored with `drive`. */
  readonly body?: Uint8Array | 'none';
  /** Plays the client instead: writes, waits, half-closes, cancels. `served` resolves when the call is at the server. */
  readonly drive?: (call: RawCall, served: Promise<ServedCall>) => void | Promise<void>;
  /** Fields that only the call through Postern has; default: the node's name and a token. */
  readonly toPostern?: readonly Field[];
  /** Milliseconds within which both ends must be over; default 10,000. */
  readonly withinMs?: number;
}

/** One call, seen from its two ends; `server` is undefined where it never came there. */
export interface Seen {
  readonly client: ClientSaw;
  readonly server: ServerSaw | undefined;
}

/** What may differ between a straight call and one through Postern. */
export interface Allowed {
  /** Names of header fields that are not compared, anywhere. */
  readonly names?: readonly string[];
  /** The HTTP/2 codes that the two ends saw are not compared. */
  readonly rst?: boolean;
  /** Whether the server saw the client's half-close, and how many bytes before that, is not compared. */
  readonly request?: boolean;
}

/** The node that stands for the scripted server. */
export const nodeName = 'differential';
const authority = 'server.test:50051';
const usual: readonly Field[] = [
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
];

/**
 * Makes each call twice: straight to a scripted server and through a real hub, NATS and agent to the same server, and
 * compares what both ends saw. One fleet serves a whole file: `before(start)`, `after(stop)`.
 */
export class Differential {
  readonly fleet: Fleet;
  readonly server: ScriptedServer;
  /** A caller token for every node. */
  readonly token: string;
  /** Where the hub listens. */
  readonly hub: string;
  readonly #clients = new Map<string, RawClient>();
  #paths = 0;

  private constructor(fleet: Fleet, server: ScriptedServer, token: string, hub: string) {
    this.fleet = fleet;
    this.server = server;
    this.token = token;
    this.hub = hub;
  }

  /** Starts server, hub and agent. */
  static async start(): Promise<Differential> {
    const fleet = await Fleet.make();
    const server = await startScriptedServer();
    try {
      await fleet.up();
      await fleet.agent(nodeName, [server.address]);
      const token = await fleet.callerToken('differential');
      const started = new Differential(fleet, server, token, await fleet.hubAddress());
      await eventually('the node takes calls', () => started.#reaches());
      return started;
    } catch (thrown) {
      await server.stop();
      await fleet.stop();
      throw thrown;
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await this.fleet.stop();
    await this.server.stop();
  }

  /** The fields that lead a call to the scripted server. */
  get toPostern(): readonly Field[] {
    return [
      ['x-postern-node', nodeName],
      ['x-postern-authorization', this.token],
    ];
  }

  /** Makes the call straight, then through Postern. */
  async both(one: Case): Promise<{ straight: Seen; through: Seen }> {
    const known = { ...one, path: one.path ?? this.newPath() };
    const straight = await this.#run(known, this.server.address, []);
    return { straight, through: await this.through(known) };
  }

  /** Makes the call both ways, fails where the two differ, and gives what the straight one saw. */
  async same(one: Case, allowed: Allowed = {}): Promise<Seen> {
    const { straight, through } = await this.both(one);
    assertSame(straight, through, allowed);
    return straight;
  }

  /** Makes the call through Postern alone. */
  through(one: Case): Promise<Seen> {
    const path = one.path ?? this.newPath();
    return this.#run({ ...one, path }, this.hub, one.toPostern ?? this.toPostern);
  }

  /** A path that no other call has. */
  newPath(): string {
    this.#paths += 1;
    return `/differential.Test/Case${this.#paths}`;
  }

  /** A client of `address` that is kept for all calls, and replaced when it broke. */
  async client(address: string): Promise<RawClient> {
    const kept = this.#clients.get(address);
    if (kept?.usable) return kept;
    const made = await RawClient.connect(address);
    this.#clients.set(address, made);
    return made;
  }

  async #reaches(): Promise<boolean> {
    const { client } = await this.through({ serve: (call) => call.trailersOnly([['grpc-status', '0']]) });
    return valuesOf(client.head?.fields ?? [], 'grpc-status')[0] === '0';
  }

  async #run(one: Case & { path: string }, address: string, added: readonly Field[]): Promise<Seen> {
    const { path } = one;
    let arrived: ServedCall | undefined;
    const served = this.server.expect(path, (call) => {
      arrived = call;
      return one.serve(call);
    });
    const client = await this.client(address);
    const call = client.open(
      [
        [':method', 'POST'],
        [':scheme', 'http'],
        [':authority', one.authority ?? authority],
        [':path', path],
        ...(one.standard ?? usual),
        ...added,
        ...(one.metadata ?? []),
      ],
      one.drive === undefined && one.body === 'none',
    );
    const over = async (): Promise<Seen> => {
      if (one.drive !== undefined) await one.drive(call, served);
      else if (one.body !== 'none') call.stream.end(one.body ?? Buffer.alloc(5));
      const saw = await call.closed;
      return { client: saw, server: await arrived?.closed };
    };
    return within(over(), one.withinMs ?? 10_000, () => {
      // Whatever holds it up shall not hold up the next one too.
      client.close();
      const where = address === this.hub ? 'through Postern' : 'straight';
      const state = `head ${call.head !== undefined}, ${call.received} bytes, trailers ${call.trailers !== undefined}`;
      return `the call ${path} ${where} is not over (client: ${state}; server: ${
        arrived === undefined ? 'never came' : `${arrived.received} bytes, closed ${arrived.stream.closed}`
      })`;
    });
  }
}

/** Fails where a call through Postern does not look as the straight one did, at either end. */
export function assertSame(straight: Seen, through: Seen, allowed: Allowed = {}): void {
  assert.deepEqual(visible(through, allowed), visible(straight, allowed));
  const bytes = (seen: Seen, end: 'client' | 'server'): Buffer => seen[end]?.body ?? Buffer.alloc(0);
  assert.ok(bytes(through, 'client').equals(bytes(straight, 'client')), 'the client received the same bytes');
  if (allowed.request !== true) {
    assert.ok(
      bytes(through, 'server').equals(bytes(straight, 'server')),
      'the server received the same bytes',
    );
  }
}

function visible({ client, server }: Seen, { names = [], rst, request }: Allowed): unknown {
  const block = (given: ClientSaw['head']): unknown =>
    given === undefined ? 'none' : { ...comparable(given.fields, names), endStream: given.endStream };
  return {
    head: block(client.head),
    trailers: block(client.trailers),
    responseBytes: client.body.length,
    server:
      server === undefined
        ? 'never came'
        : {
            // It shrinks on its way.
            fields: comparable(server.fields, ['grpc-timeout', ...names]),
            ...(request === true ? {} : { requestBytes: server.body.length, halfClosed: server.halfClosed }),
            ...(rst === true ? {} : { rst: server.rst }),
          },
    ...(rst === true ? {} : { rst: client.rst }),
  };
}

async function within<T>(promise: Promise<T>, ms: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(what())), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
