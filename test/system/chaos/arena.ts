import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { natsServer } from '../../support/nats.js';
import { compiledRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import { Caller, methods, type OpenCall } from './caller.js';

/** Where the bus runs, and whether somebody listens to all of it. */
export interface Circumstances {
  readonly bus: 'embedded' | 'external';
  readonly tracer: boolean;
}

export const victims = ['client', 'hub', 'nats', 'agent', 'server'] as const;
export type Victim = (typeof victims)[number];

/** What the server has seen of one call. */
export type Seen = 'opened' | 'ended' | 'cancelled';

/** A server of this folder as a process. */
export class ServerProcess {
  readonly #process: RunningProcess;
  readonly address: string;
  readonly #calls = new Map<string, Seen[]>();
  /** Lines of its output that were read. */
  #read = 0;

  private constructor(started: RunningProcess, address: string) {
    this.#process = started;
    this.address = address;
  }

  /** `where` it listens; `slowMs`: how much later than it is asked to it answers. */
  static async start(where?: string, slowMs = 0): Promise<ServerProcess> {
    const listen = where ?? `127.0.0.1:${await freePort()}`;
    const started = await startReady(process.execPath, [
      path.join(compiledRoot, 'test/system/chaos/server.js'),
      ...[listen, String(slowMs)],
    ]);
    return new ServerProcess(started, String(started.ready.listen));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Every call by its id, with all that was seen of it, in order. */
  seen(): ReadonlyMap<string, readonly Seen[]> {
    const lines = this.#process.lines();
    for (; this.#read < lines.length; this.#read++) {
      const { id, event }: { id: string; event: Seen } = JSON.parse(lines[this.#read] ?? '');
      const events = this.#calls.get(id);
      if (events === undefined) this.#calls.set(id, [event]);
      else events.push(event);
    }
    return this.#calls;
  }

  /** Calls that are open. */
  open(): string[] {
    return [...this.seen()].filter(([, events]) => events.at(-1) === 'opened').map(([id]) => id);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }
}

/** A whole installation of real processes, any of which may be hit: node `victim` in front of `server`, and another. */
export class Arena {
  readonly fleet: Fleet;
  readonly circumstances: Circumstances;
  token = '';
  server: ServerProcess;
  readonly bystander: ServerProcess;
  #hub: RunningProcess | undefined;
  #agent: RunningProcess | undefined;
  #nats: ChildProcess | undefined;
  #natsConfig = '';
  #natsUrl = '';
  #hubAddress = '';
  #tracer: NatsConnection | undefined;
  readonly #callers: Caller[] = [];
  readonly #more: ServerProcess[] = [];

  private constructor(
    fleet: Fleet,
    circumstances: Circumstances,
    servers: { server: ServerProcess; bystander: ServerProcess },
  ) {
    this.fleet = fleet;
    this.circumstances = circumstances;
    this.server = servers.server;
    this.bystander = servers.bystander;
  }

  static async open(circumstances: Circumstances): Promise<Arena> {
    const [server, bystander] = [await ServerProcess.start(), await ServerProcess.start()];
    const arena = new Arena(await Fleet.make(), circumstances, { server, bystander });
    try {
      await arena.#begin();
    } catch (thrown) {
      await arena.close();
      throw thrown;
    }
    return arena;
  }

  get address(): string {
    return this.#hubAddress;
  }

  get agent(): RunningProcess {
    return this.#agent ?? assert.fail('no agent was started');
  }

  get hub(): RunningProcess {
    return this.#hub ?? assert.fail('no hub was started');
  }

  /** A client of a node, on a connection of its own. */
  caller(node = 'victim', address = this.address, options: Record<string, string | number> = {}): Caller {
    const caller = new Caller(address, node, this.token, options);
    this.#callers.push(caller);
    return caller;
  }

  /** Calls of all kinds, each of which has come into its phase. */
  async openAll(caller: Caller): Promise<OpenCall[]> {
    const calls = methods.map((method) => caller.open(method));
    await eventually('every call is in its phase', () => {
      const seen = this.server.seen();
      return calls.every(
        (call) =>
          seen.has(call.id) && (call.messages > 0 || call.method === 'Wait' || call.method === 'Sink'),
      );
    });
    return calls;
  }

  async pidOf(victim: Exclude<Victim, 'client'>): Promise<number> {
    if (victim === 'server') return this.server.pid;
    if (victim === 'agent') return this.agent.pid;
    if (victim === 'hub') return this.hub.pid;
    if (this.#nats?.pid !== undefined) return this.#nats.pid;
    return Number(await readFile(path.join(this.fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
  }

  async hit(victim: Exclude<Victim, 'client'>, signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pidOf(victim), signal);
  }

  /** Starts again what was killed, where it was. */
  async restart(victim: Exclude<Victim, 'client'>): Promise<void> {
    if (victim === 'server') {
      this.#more.push(this.server);
      this.server = await ServerProcess.start(this.server.address);
    } else if (victim === 'agent') await this.#startAgent();
    else if (victim === 'hub') await this.#startHub();
    else if (this.circumstances.bus === 'external') this.#startNats();
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    await this.#tracer?.close();
    for (const one of [this.server, this.bystander, ...this.#more]) await one.stop();
    await this.fleet.stop();
    if (this.#nats !== undefined && this.#nats.exitCode === null && this.#nats.signalCode === null) {
      const gone = once(this.#nats, 'exit');
      this.#nats.kill('SIGKILL');
      await gone;
    }
  }

  async #begin(): Promise<void> {
    if (this.circumstances.bus === 'external') {
      const listen = `127.0.0.1:${await freePort()}`;
      const made = await this.fleet.postern(['init', '--nats-listen', listen]);
      assert.equal(made.code, 0, made.stderr);
      this.#natsConfig = made.stdout.trim();
      this.#natsUrl = `nats://${listen}`;
      await natsServer().then(({ path: binary }) => {
        this.#binary = binary;
      });
      this.#startNats();
    }
    await this.#startHub();
    this.token = await this.fleet.callerToken('chaos');
    await this.fleet.agent('bystander', [this.bystander.address]);
    await this.#startAgent();
    if (this.circumstances.tracer) await this.#trace();
  }

  #binary = '';

  #startNats(): void {
    this.#nats = spawn(this.#binary, ['-c', this.#natsConfig], { stdio: 'ignore' });
    const { pid } = this.#nats;
    process.once('exit', () => {
      try {
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    });
  }

  async #startHub(): Promise<void> {
    const listen = this.#hubAddress === '' ? `127.0.0.1:${await freePort()}` : this.#hubAddress;
    const args = ['--listen', listen, '--metrics', '127.0.0.1:0'];
    this.#hub = await (this.circumstances.bus === 'embedded'
      ? this.fleet.start(['up', ...args])
      : this.fleet.start(['hub', '--nats', this.#natsUrl, ...args]));
    this.#natsUrl = String(this.#hub.ready.nats);
    this.#hubAddress = await this.fleet.hubAddress();
  }

  async #startAgent(): Promise<void> {
    this.#agent = await this.fleet.agent('victim', [this.server.address]);
  }

  /** Somebody who hears everything: the server never says any more that nobody listens. */
  async #trace(): Promise<void> {
    const made = await this.fleet.postern(['bus', 'creds', '--role', 'tracer']);
    assert.equal(made.code, 0, made.stderr);
    const inboxPrefix = /--inbox-prefix (\S+)/.exec(made.stderr)?.[1];
    this.#tracer = await connect({
      servers: this.#natsUrl,
      authenticator: credsAuthenticator(new TextEncoder().encode(made.stdout)),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    });
    this.#tracer.subscribe('postern.>', { callback: () => {} });
    await this.#tracer.flush();
  }
}
