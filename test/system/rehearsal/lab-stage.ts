import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { scanFrames } from '../../../src/agent/journal/frame.js';
import { type ResultRecord, resultRecord } from '../../../src/bus/result-records.js';
import type { LabSpec } from '../../../src/lab/spec.js';
import { DaemonProcess } from '../../support/daemon.js';
import { LabStage } from '../../support/lab/stage.js';
import { checkoutRoot, type RunningProcess } from '../../support/processes.js';
import { Conductor } from './conductor.js';

const postern = path.join(checkoutRoot, 'bin/postern');

/**
 * A hub and nodes in a lab, each node with a daemon and an agent behind a NAT that lets nothing in: the daemons meet at a
 * rendezvous point and a relay on the WAN. The hub is told what to do through a socket in the file system, which no cut
 * of a network reaches.
 */
export class LabFleet extends Conductor {
  readonly dir: string;
  readonly stage: LabStage;
  /** Token of the caller that conducts. */
  token = '';
  #agentOptions: readonly string[] = [];

  private constructor(dir: string, stage: LabStage) {
    super();
    this.dir = dir;
    this.stage = stage;
  }

  /** `hosts`: what else there is; `agent`: further options of each agent. */
  static async open(
    nodes: readonly string[],
    hosts: LabSpec['nodes'] = {},
    agent: (fleet: LabFleet) => Promise<readonly string[]> = async () => [],
  ): Promise<LabFleet> {
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-partition-'));
    const behindNats = Object.fromEntries(nodes.map((node) => [node, {}]));
    const stage = await LabStage.open({ nodes: { ...behindNats, meeting: { public: true }, ...hosts } });
    const fleet = new LabFleet(dir, stage);
    try {
      fleet.#agentOptions = await agent(fleet);
      await fleet.#start(nodes);
    } catch (thrown) {
      await fleet.close();
      throw thrown;
    }
    return fleet;
  }

  /** The records of a test in the journal of a node, as they are on its disk now. */
  async journal(node: string, test: string): Promise<ResultRecord[]> {
    const directory = path.join(this.dir, node, 'agent', node, 'tests/runs/r1', test);
    const records: ResultRecord[] = [];
    for (const name of (await readdir(directory)).sort()) {
      scanFrames(await readFile(path.join(directory, name)), ({ body }) => {
        records.push(resultRecord.parse(JSON.parse(body.toString())));
        return true;
      });
    }
    return records;
  }

  /** Ends all that runs in the lab, as a power cut would. */
  async end(): Promise<void> {
    this.rest();
    await this.stage.close();
  }

  /** The daemon of a node on its files as they are, outside of the lab, where it reaches nobody. */
  alone(node: string): Promise<DaemonProcess> {
    return DaemonProcess.start(this.#daemonData(node), ['--peer-listen', 'off']);
  }

  get hubData(): string {
    return path.join(this.dir, 'hub');
  }

  async close(): Promise<void> {
    await this.end();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  async #start(nodes: readonly string[]): Promise<void> {
    const socket = `unix:${path.join(this.dir, 'hub.sock')}`;
    const listen = ['--listen', '0.0.0.0:8080', '--listen', socket, '--metrics', 'off'];
    const meeting = (role: string, port: number): Promise<RunningProcess> =>
      this.#daemon('meeting', role, [
        ...['--role', role, '--listen', `127.0.0.1:${port + 1000}`],
        ...['--peer-listen', `0.0.0.0:${port}`, '--advertise', `meeting:${port}`],
      ]);
    await Promise.all([
      this.#postern('hub', ['up', ...listen], { POSTERN_DATA: this.hubData }),
      meeting('rdvp', 4100),
      meeting('relay', 4101),
    ]);
    const [caller] = await Promise.all([
      this.#token('--caller', 'rehearsal'),
      ...nodes.map((node) => this.#startNode(node)),
    ]);
    this.nodes.push(...nodes);
    this.token = caller;
    this.conduct(socket, caller);
  }

  async #startNode(node: string): Promise<void> {
    const way = ['--peer-listen', 'off', '--rdvp', 'meeting:4100', '--relay', 'meeting:4101'];
    const [token] = await Promise.all([
      this.#token('--join', node),
      this.#daemon(node, node, ['--listen', '127.0.0.1:9091', ...way]),
    ]);
    const args = ['agent', '--node', node, '--daemon', '127.0.0.1:9091', '--data', path.join(this.dir, node)];
    args.push(...this.#agentOptions);
    await this.#postern(node, args, { POSTERN_HUB: 'http://hub:8080', POSTERN_TOKEN: token });
  }

  #daemon(host: string, name: string, args: readonly string[]): Promise<RunningProcess> {
    const times = ['--min-backoff', '50ms', '--max-backoff', '500ms', '--sync', '500ms', '--idle', '3s'];
    return this.#postern(host, ['daemon', '--data', this.#daemonData(name), ...args, ...times]);
  }

  #postern(host: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningProcess> {
    return this.stage.start(host, [postern, ...args, '--log-level', 'warn', '-o', 'json'], { env });
  }

  async #token(...words: string[]): Promise<string> {
    const env = { POSTERN_DATA: this.hubData };
    const made = await this.stage.run('hub', [postern, 'token', 'create', ...words], { env });
    if (made.code !== 0) throw new Error(`postern token create failed: ${made.stderr}`);
    return made.stdout.trim();
  }

  #daemonData(node: string): string {
    return path.join(this.dir, `${node}-daemon`);
  }
}
