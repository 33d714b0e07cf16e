import { cp } from 'node:fs/promises';
import path from 'node:path';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { ServerProcess } from './arena.js';
import { Caller } from './caller.js';

/** Two hubs, and the node `trio` with three instances, each in front of a server of its own. */
export class Trio {
  readonly fleet: Fleet;
  token = '';
  /** The first has the bus within it. */
  hubs: RunningProcess[] = [];
  addresses: string[] = [];
  agents: RunningProcess[] = [];
  servers: ServerProcess[] = [];
  readonly #drain: string;
  readonly #callers: Caller[] = [];
  /** Servers that were replaced; what they have seen still counts. */
  readonly #former: ServerProcess[] = [];

  private constructor(fleet: Fleet, drain: string) {
    this.fleet = fleet;
    this.#drain = drain;
  }

  /** `slowMs`: how much later the third server answers; `drain` of hubs and agents. */
  static async open(options: { slowMs?: number; drain?: string } = {}): Promise<Trio> {
    const trio = new Trio(await Fleet.make(), options.drain ?? '30s');
    try {
      await trio.#begin(options.slowMs ?? 0);
    } catch (thrown) {
      await trio.close();
      throw thrown;
    }
    return trio;
  }

  /** A client of the node through one hub or several, in turns. */
  caller(...addresses: string[]): Caller {
    const many = addresses.length > 1;
    const options = many ? { 'grpc.service_config': '{"loadBalancingConfig":[{"round_robin":{}}]}' } : {};
    const target = many ? `ipv4:${addresses.join(',')}` : (addresses[0] ?? '');
    const caller = new Caller(target, 'trio', this.token, options);
    this.#callers.push(caller);
    return caller;
  }

  /** How often each call was begun, over all servers that ever were. */
  begun(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const server of [...this.servers, ...this.#former]) {
      for (const id of server.seen().keys()) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  }

  /** Waits until the servers have told of each of these calls: their word takes another way than their answers. */
  async toldOf(ids: readonly string[]): Promise<void> {
    const told = (): boolean => {
      const begun = this.begun();
      return ids.every((id) => begun.has(id));
    };
    await eventually('the servers tell of the calls', told, { everyMs: 20 });
  }

  /** Calls that each server has begun. */
  shares(): number[] {
    return this.servers.map((server) => server.seen().size);
  }

  /** Starts an agent anew, or for the first time. */
  async startAgent(i: number): Promise<void> {
    const to = [this.servers[i]?.address ?? ''];
    this.agents[i] = await this.fleet.agent('trio', to, ['--share', '--drain', this.#drain], `trio-${i}`);
  }

  /** Starts the server of an instance anew, where it was. */
  async startServer(i: number): Promise<void> {
    const former = this.servers[i];
    if (former !== undefined) this.#former.push(former);
    this.servers[i] = await ServerProcess.start(former?.address);
  }

  /** Every hub gives calls to so many instances. */
  async ready(instances: number): Promise<void> {
    for (const address of this.addresses) {
      await eventually(`${instances} instances are ready`, async () => {
        const listed = await this.fleet.postern(['nodes', 'trio', '--hub', address, '-o', 'json']);
        return (listed.stdout.match(/"standing": "ready"/g) ?? []).length === instances;
      });
    }
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    for (const server of [...this.servers, ...this.#former]) await server.stop();
    await this.fleet.stop();
  }

  async #begin(slowMs: number): Promise<void> {
    const { fleet } = this;
    const first = await fleet.up(['--drain', this.#drain]);
    const main = await fleet.hubAddress();
    this.token = await fleet.callerToken('chaos');
    for (let i = 0; i < 3; i++) {
      this.servers.push(await ServerProcess.start(undefined, i === 2 ? slowMs : 0));
      await this.startAgent(i);
    }
    const second = path.join(fleet.dir, 'hub-2');
    await cp(path.join(fleet.dir, 'hub/keys'), path.join(second, 'keys'), { recursive: true });
    const listen = ['--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--drain', this.#drain];
    const other = await fleet.start(['hub', '--nats', String(first.ready.nats), '--data', second, ...listen]);
    this.hubs = [first, other];
    this.addresses = [main, await fleet.hubAddress()];
    await this.ready(3);
  }
}

/** Calls one after the other in several lanes, until told to stop, and how they ended. */
export class Load {
  readonly ends: { readonly id: string; readonly code: number; readonly message: string }[] = [];
  readonly #lanes: Promise<void>[];
  #over = false;

  /** Each call is answered after `answerMs`. */
  constructor(caller: Caller, options: { lanes: number; answerMs: number; timeoutMs?: number }) {
    const { lanes, answerMs, timeoutMs = 20_000 } = options;
    const lane = async (): Promise<void> => {
      while (!this.#over && !caller.closed) {
        const call = caller.open('Wait', { answerMs, timeoutMs });
        const { code, message } = await call.ended;
        this.ends.push({ id: call.id, code, message });
      }
    };
    this.#lanes = Array.from({ length: lanes }, lane);
  }

  /** So many more calls have ended. */
  async more(calls: number): Promise<void> {
    const before = this.ends.length;
    await eventually('calls go on', () => this.ends.length >= before + calls, { everyMs: 20 });
  }

  /** Ids of the calls that were answered. */
  answered(): string[] {
    return this.ends.filter(({ code }) => code === 0).map(({ id }) => id);
  }

  /** Those that did not end well. */
  failed(): string[] {
    return this.ends.filter(({ code }) => code !== 0).map(({ code, message }) => `${code} ${message}`);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#lanes);
  }
}
