import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandLine, endProcess } from '../../src/bus/process-identity.js';
import { freePort } from './free-port.js';
import { askJoinToken, askNode } from './hub-desk.js';
import {
  checkoutRoot,
  compiledRoot,
  type Finished,
  type RunningProcess,
  run,
  type StartOptions,
  startReady,
} from './processes.js';
import { warmPostern } from './warm-postern.js';

const postern = path.join(checkoutRoot, 'bin/postern');

/** A data directory, a hub with its embedded bus, and whatever is started beside them, all as real processes. */
export class Fleet {
  readonly dir: string;
  #started: RunningProcess[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Makes an empty data directory; nothing is started yet. */
  static async make(): Promise<Fleet> {
    return new Fleet(await mkdtemp(path.join(tmpdir(), 'postern-fleet-')));
  }

  get #data(): string {
    return path.join(this.dir, 'hub');
  }

  get env(): NodeJS.ProcessEnv {
    // many agents share this machine: those of them that shall be found by older controllers are told where
    return { POSTERN_DATA: this.#data, POSTERN_INFRA_LISTEN: 'off' };
  }

  /** Runs `postern …` to its end, without a process of its own where that changes nothing. */
  postern(
    args: readonly string[],
    options: { input?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Finished> {
    const env = { ...this.env, ...options.env };
    const { NODE_OPTIONS, POSTERN_DIST = compiledRoot } = { ...process.env, ...env };
    const asIs = NODE_OPTIONS === process.env.NODE_OPTIONS && POSTERN_DIST === compiledRoot;
    return asIs ? warmPostern(args, { ...options, env }) : run(postern, args, { ...options, env });
  }

  /** Starts a long-running `postern …` and waits for its ready line. */
  async start(args: readonly string[], options: StartOptions = {}): Promise<RunningProcess> {
    const started = await startReady(postern, [...args, '--output', 'json'], {
      ...options,
      env: { ...this.env, ...options.env },
    });
    this.#started.push(started);
    return started;
  }

  /** `postern up` on ports of its own, where it can be started again. */
  async up(extra: readonly string[] = []): Promise<RunningProcess> {
    const listen = `127.0.0.1:${await freePort()}`;
    return this.start(['up', '--listen', listen, '--metrics', '127.0.0.1:0', ...extra]);
  }

  /** `postern agent` with a data directory of its own, joined by a token made here. */
  async agent(
    node: string,
    to: readonly string[],
    extra: readonly string[] = [],
    home = node,
  ): Promise<RunningProcess> {
    const token = await this.joinToken(node);
    return this.start(
      [
        'agent',
        '--node',
        node,
        ...to.flatMap((address) => ['--to', address]),
        '--data',
        path.join(this.dir, home),
        ...extra,
      ],
      { env: { POSTERN_HUB: `http://${await this.hubAddress()}`, POSTERN_TOKEN: token } },
    );
  }

  /** `postern proxy` for one node; gives the address that it listens on. Agents must be started before it. */
  async proxy(node: string): Promise<string> {
    const proxy = await this.start(['proxy', node, '--listen', '127.0.0.1:0']);
    const listen: unknown = proxy.ready.listen;
    if (!Array.isArray(listen) || typeof listen[0] !== 'string') {
      throw new Error('the proxy did not say where it listens');
    }
    return listen[0];
  }

  /** A new join token for `node`. */
  joinToken(node: string): Promise<string> {
    return askJoinToken(this.#data, node);
  }

  /** A new caller token. */
  async callerToken(name: string, extra: readonly string[] = []): Promise<string> {
    const made = await this.postern(['token', 'create', '--caller', name, ...extra]);
    if (made.code !== 0) throw new Error(`postern token create failed: ${made.stderr}`);
    return made.stdout.trim();
  }

  /** The hub's first address. */
  async hubAddress(): Promise<string> {
    const hub = this.#started.findLast((started) => Array.isArray(started.ready.listen));
    const listen: unknown = hub?.ready.listen;
    if (!Array.isArray(listen) || typeof listen[0] !== 'string') throw new Error('no hub was started');
    return listen[0];
  }

  /** gRPC's interop TestService as a process of its own. */
  async interopServer(): Promise<RunningProcess & { address: string }> {
    const started = await startReady(process.execPath, [
      path.join(compiledRoot, 'test/support/interop/server.js'),
      '--listen',
      '127.0.0.1:0',
    ]);
    this.#started.push(started);
    if (typeof started.ready.listen !== 'string')
      throw new Error('the interop server did not say where it listens');
    return { ...started, address: started.ready.listen };
  }

  /** What `postern nodes -o json` says of one node; undefined when it is not there, or no hub that says so. */
  node(name: string): Promise<Record<string, unknown> | undefined> {
    return askNode(this.#data, name).catch(() => undefined);
  }

  /** The state that `postern nodes` shows, e.g. `connected.idle`. */
  async stateOf(name: string): Promise<string> {
    const node = await this.node(name);
    return typeof node?.state === 'string' ? node.state : '';
  }

  /** Stops everything, the last started first, and removes the directory. */
  async stop(): Promise<void> {
    for (const started of this.#started.reverse()) await started.stop();
    this.#started = [];
    await this.#endLeftBus();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** A hub that was killed leaves its NATS server to the next one in its data directory, and there is none. */
  async #endLeftBus(): Promise<void> {
    const pid = Number(await readFile(path.join(this.dir, 'hub/nats/nats.pid'), 'utf8').catch(() => ''));
    if (pid > 1 && (await commandLine(pid))?.includes(this.dir) === true) await endProcess(pid, 5_000);
  }
}
