import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { holdersOf, listeningAt } from '../../../src/agent/faults/process/listening.js';
import { DaemonProcess } from '../../support/daemon.js';
import { killAtOnce, watchersOf } from '../../support/faults/watchers.js';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import type { RunningProcess } from '../../support/processes.js';
import { Conductor } from '../rehearsal/conductor.js';
import { FaultCaller } from './fault-caller.js';

/** A hub, and the node `north` with a daemon at a port that stays the same and an agent beside it. */
export class FaultStage {
  readonly fleet: Fleet;
  readonly faults: FaultCaller;
  readonly tests: Conductor;
  readonly address: string;
  /** Where the agent leads others to the daemon. */
  readonly relay: string;
  readonly daemon: DaemonProcess;
  agent: RunningProcess;
  hub: RunningProcess;

  private constructor(
    of: Pick<FaultStage, 'fleet' | 'faults' | 'tests' | 'address' | 'relay' | 'daemon' | 'agent' | 'hub'>,
  ) {
    this.fleet = of.fleet;
    this.faults = of.faults;
    this.tests = of.tests;
    this.address = of.address;
    this.relay = of.relay;
    this.daemon = of.daemon;
    this.agent = of.agent;
    this.hub = of.hub;
  }

  static async open(): Promise<FaultStage> {
    const fleet = await Fleet.make();
    const address = `127.0.0.1:${await freePort()}`;
    const relay = `127.0.0.1:${await freePort()}`;
    const data = path.join(fleet.dir, 'daemon');
    const [up, daemon] = await Promise.all([
      fleet.up(),
      DaemonProcess.start(data, ['--peer-listen', 'off'], address),
    ]);
    const hub = await fleet.hubAddress();
    const env = { POSTERN_HUB: `http://${hub}`, POSTERN_TOKEN: await fleet.joinToken('north') };
    const agent = await fleet.start(agentArguments(fleet, address, relay), { env });
    const token = await fleet.callerToken('faults');
    const tests = new Conductor();
    tests.conduct(hub, token);
    tests.nodes.push('north');
    return new FaultStage({
      fleet,
      faults: new FaultCaller(hub, token),
      tests,
      address,
      relay,
      daemon,
      agent,
      hub: up,
    });
  }

  /** The agent's directory of faults. */
  get directory(): string {
    return path.join(this.fleet.dir, 'north/agent/north/faults');
  }

  /** Starts the agent again. */
  async startAgent(): Promise<void> {
    const env = { POSTERN_HUB: `http://${await this.fleet.hubAddress()}` };
    this.agent = await this.fleet.start(agentArguments(this.fleet, this.address, this.relay), { env });
  }

  /** Starts what was killed: the agent, or the hub as well, at its old address. */
  async again(hubToo: boolean): Promise<void> {
    await this.agent.exited;
    if (hubToo) {
      await this.hub.exited;
      const { listen } = this.hub.ready;
      const [address] = Array.isArray(listen) ? listen : [];
      this.hub = await this.fleet.start(['up', '--listen', String(address), '--metrics', 'off']);
    }
    await this.startAgent();
  }

  /** SIGKILL to all that Postern has here but the daemon: the agent and its guardian, the hub and its bus. */
  async killEverything(): Promise<void> {
    const bus = Number(await readFile(path.join(this.fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
    const { guardians } = await watchersOf(this.directory);
    killAtOnce([this.agent.pid, ...guardians, this.hub.pid, bus]);
  }

  /** Ids of the processes that listen at the daemon's address. */
  async listeners(): Promise<number[]> {
    return holdersOf(await listeningAt(this.address));
  }

  async close(): Promise<void> {
    this.faults.close();
    this.tests.rest();
    // also the one that an agent has started
    for (const pid of await this.listeners()) process.kill(pid, 'SIGKILL');
    await this.daemon.stop('SIGKILL');
    await this.fleet.stop();
  }
}

/** The state of a process as proc(5) tells it: `T` is stopped; '' where there is none. */
export async function processState(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).slice(0, 1);
}

function agentArguments(fleet: Fleet, daemon: string, relay: string): string[] {
  const more = ['--daemon-relay', `${relay}=${daemon}`, '--data', path.join(fleet.dir, 'north')];
  return ['agent', '--node', 'north', '--daemon', daemon, ...more];
}
