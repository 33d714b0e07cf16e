import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatAddress } from '../../../src/wire/address.js';
import { lasting } from '../../support/faults/kernel-stage.js';
import { killAtOnce, watchersOf } from '../../support/faults/watchers.js';
import { layIPv6 } from '../../support/lab/ipv6.js';
import { LabStage, labEnv } from '../../support/lab/stage.js';
import { checkoutRoot, type RunningProcess } from '../../support/processes.js';
import { FaultCaller } from './fault-caller.js';

const postern = path.join(checkoutRoot, 'bin/postern');
const port = 4000;

/** A hub, a node `north` with a daemon and an agent behind a NAT, or all by IPv6 and without, and somebody else, `peer`, all in a lab. */
export class FaultLab {
  readonly dir: string;
  readonly stage: LabStage;
  /** Addresses of IPv6, where all go by these. */
  readonly #ipv6: ReadonlyMap<string, string>;
  #faults: FaultCaller | undefined;
  #agent: RunningProcess | undefined;
  #hub: RunningProcess | undefined;

  private constructor(dir: string, stage: LabStage, ipv6: ReadonlyMap<string, string>) {
    this.dir = dir;
    this.stage = stage;
    this.#ipv6 = ipv6;
  }

  static async open({ ipv6 = false } = {}): Promise<FaultLab> {
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-faults-'));
    const stage = await LabStage.open({ nodes: { north: { public: ipv6 }, peer: { public: true } } });
    const lab = new FaultLab(dir, stage, ipv6 ? await layIPv6(stage) : new Map<string, string>());
    try {
      await lab.#start();
    } catch (thrown) {
      await lab.close();
      throw thrown;
    }
    return lab;
  }

  /** By a socket in the file system, which no cut of a network reaches. */
  get faults(): FaultCaller {
    if (this.#faults === undefined) throw new Error('it is not open');
    return this.#faults;
  }

  /** The agent that was started first. */
  get agent(): RunningProcess {
    if (this.#agent === undefined) throw new Error('it is not open');
    return this.#agent;
  }

  /** Where the daemon of the node is, on its own machine. */
  get daemon(): string {
    return this.#ipv6.size > 0 ? '[::1]:9091' : '127.0.0.1:9091';
  }

  /** Where others reach a machine. */
  address(host: string): string {
    return this.#ipv6.get(host) ?? this.stage.lab.address(host);
  }

  startAgent(env: NodeJS.ProcessEnv = {}): Promise<RunningProcess> {
    const args = [
      'agent',
      '--node',
      'north',
      '--daemon',
      this.daemon,
      '--data',
      path.join(this.dir, 'north'),
    ];
    return this.#postern('north', args, {
      POSTERN_HUB: `http://${formatAddress({ host: this.#ipv6.get('hub') ?? 'hub', port: 8080 })}`,
      ...env,
    });
  }

  /** Whether the node reaches the hub's machine, and the other one. */
  async reaches(): Promise<{ hub: boolean; peer: boolean }> {
    const [hub, peer] = await Promise.all(
      ['hub', 'peer'].map(async (host) =>
        (await this.stage.dial('north', this.#ipv6.get(host) ?? host, port)).startsWith('echoed'),
      ),
    );
    return { hub: hub === true, peer: peer === true };
  }

  /** What nft says in the network of the node. */
  async nft(...words: string[]): Promise<string> {
    return (await this.stage.run('north', ['nft', ...words], { env: await labEnv() })).stdout;
  }

  /** Kills the agent and its guardian at once. */
  async killAll(agent: RunningProcess): Promise<void> {
    const { guardians } = await watchersOf(this.dir);
    if (guardians.length === 0) throw new Error('there is no guardian');
    killAtOnce(guardians);
    await agent.stop('SIGKILL');
  }

  /** Kills the hub and its bus. */
  async killHub(): Promise<void> {
    const bus = Number(await readFile(path.join(this.dir, 'hub/nats/nats.pid'), 'utf8'));
    killAtOnce([bus]);
    await this.#hub?.stop('SIGKILL');
  }

  /** Starts the hub. */
  async startHub(): Promise<void> {
    const socket = `unix:${path.join(this.dir, 'hub.sock')}`;
    const env = { POSTERN_DATA: path.join(this.dir, 'hub') };
    this.#hub = await this.#postern(
      'hub',
      [
        'up',
        '--listen',
        this.#ipv6.size > 0 ? '[::]:8080' : '0.0.0.0:8080',
        '--listen',
        socket,
        '--metrics',
        'off',
      ],
      env,
    );
  }

  /** What faults could change for good on the machine of the node. */
  async state(): Promise<string> {
    const said = [];
    for (const words of [
      'nft list ruleset',
      'tc qdisc show',
      'ip addr show',
      'ip route show table all',
      'ip -6 route show table all',
    ]) {
      const { stdout } = await this.stage.run('north', words.split(' '), { env: await labEnv() });
      said.push(`${words}\n${stdout}`);
    }
    return lasting(said.join('\n'));
  }

  async close(): Promise<void> {
    this.#faults?.close();
    await this.stage.close();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  async #start(): Promise<void> {
    const socket = `unix:${path.join(this.dir, 'hub.sock')}`;
    await Promise.all([
      this.startHub(),
      this.#postern('north', [
        ...['daemon', '--listen', this.daemon, '--peer-listen', 'off'],
        ...['--data', path.join(this.dir, 'daemon')],
      ]),
      ...['hub', 'peer'].map((host) => this.stage.echo(host, port, this.#ipv6.get(host))),
    ]);
    const [join, caller] = await Promise.all([
      this.#token('--join', 'north'),
      this.#token('--caller', 'faults'),
    ]);
    this.#faults = new FaultCaller(socket, caller);
    this.#agent = await this.startAgent({ POSTERN_TOKEN: join });
  }

  async #postern(
    host: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<RunningProcess> {
    const all = { ...(await labEnv()), ...env };
    return this.stage.start(host, [postern, ...args, '--log-level', 'warn', '-o', 'json'], { env: all });
  }

  async #token(...words: string[]): Promise<string> {
    const env = { POSTERN_DATA: path.join(this.dir, 'hub') };
    const made = await this.stage.run('hub', [postern, 'token', 'create', ...words], { env });
    if (made.code !== 0) throw new Error(`postern token create failed: ${made.stderr}`);
    return made.stdout.trim();
  }
}
