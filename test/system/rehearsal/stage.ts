import path from 'node:path';
import { DaemonProcess } from '../../support/daemon.js';
import { Fleet } from '../../support/fleet.js';
import type { RunningProcess } from '../../support/processes.js';
import { Conductor } from './conductor.js';

/** A hub, and nodes each with a daemon and an agent beside it; the daemons reach each other. All are real processes. */
export class Stage extends Conductor {
  readonly fleet: Fleet;
  readonly daemons = new Map<string, DaemonProcess>();
  readonly agents = new Map<string, RunningProcess>();
  hub: RunningProcess | undefined;
  /** More options of each daemon that is started from now on. */
  daemonOptions: readonly string[];
  readonly #agentOptions: readonly string[];
  #address = '';

  private constructor(fleet: Fleet, daemonOptions: readonly string[], agentOptions: readonly string[]) {
    super();
    this.fleet = fleet;
    this.daemonOptions = daemonOptions;
    this.#agentOptions = agentOptions;
  }

  static async open(
    nodes: readonly string[],
    daemonOptions: readonly string[] = [],
    agentOptions: readonly string[] = [],
  ): Promise<Stage> {
    const stage = new Stage(await Fleet.make(), daemonOptions, agentOptions);
    try {
      stage.hub = await stage.fleet.up();
      stage.#address = await stage.fleet.hubAddress();
      stage.conduct(stage.#address, await stage.fleet.callerToken('rehearsal'));
      for (const node of nodes) await stage.#add(node);
    } catch (thrown) {
      await stage.close();
      throw thrown;
    }
    return stage;
  }

  /** Starts the agent of a node, or starts it again; it does not wait for a hub. */
  async startAgent(node: string): Promise<void> {
    const daemon = String(this.daemons.get(node)?.process.ready.listen);
    const data = path.join(this.fleet.dir, node);
    const token = this.agents.has(node) ? '' : await this.fleet.joinToken(node);
    const env = { POSTERN_HUB: `http://${this.#address}`, ...(token === '' ? {} : { POSTERN_TOKEN: token }) };
    const args = ['agent', '--node', node, '--daemon', daemon, '--data', data, ...this.#agentOptions];
    this.agents.set(node, await this.fleet.start(args, { env }));
  }

  /** Starts the daemon of a node again where it was. */
  async startDaemon(node: string): Promise<void> {
    const before = this.daemons.get(node);
    const { listen } = before?.process.ready ?? {};
    const peers = ['--peer-listen', before?.peerAddress ?? '', ...this.#peers(node)];
    await before?.stop('SIGKILL');
    this.daemons.set(node, await DaemonProcess.start(this.#daemonData(node), peers, String(listen)));
  }

  /** Starts the hub again where it was. */
  async startHub(): Promise<void> {
    this.hub = await this.fleet.up(['--listen', this.#address]);
  }

  async close(): Promise<void> {
    this.rest();
    for (const daemon of this.daemons.values()) await daemon.stop();
    await this.fleet.stop();
  }

  async #add(node: string): Promise<void> {
    this.daemons.set(node, await DaemonProcess.start(this.#daemonData(node), this.#peers(node)));
    this.nodes.push(node);
    await this.startAgent(node);
  }

  #daemonData(node: string): string {
    return path.join(this.fleet.dir, `${node}-daemon`);
  }

  #peers(node: string): string[] {
    const others = [...this.daemons].filter(([other]) => other !== node);
    return [...others.flatMap(([, { peerAddress }]) => ['--peer', peerAddress]), ...this.daemonOptions];
  }
}
