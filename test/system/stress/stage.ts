import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { natsServer } from '../../support/nats.js';
import { compiledRoot, eventually, type RunningProcess } from '../../support/processes.js';
import { type RawServer, startRawServer } from '../../support/raw-grpc.js';
import { scrape } from '../../support/scrape.js';

/** The processes between client and server. */
export type Part = 'hub' | 'agent' | 'nats';
export const parts: readonly Part[] = ['hub', 'agent', 'nats'];

/** A hub, an agent and a NATS server that can be asked what it holds, each a process; the server is in this one. */
export interface StressStage {
  readonly fleet: Fleet;
  readonly hub: RunningProcess;
  readonly agent: RunningProcess;
  readonly server: RawServer;
  /** The hub's front door, and metadata that get a call to the node. */
  readonly address: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** A new connection to the hub; `windowBytes` is what it takes of one stream before it is read. */
  client(windowBytes?: number): Promise<ClientHttp2Session>;
  /** What hub and agent tell of themselves. */
  metrics(of: 'hub' | 'agent'): Promise<Map<string, number>>;
  /** What NATS tells of itself at `/varz`. */
  varz(): Promise<Record<string, unknown>>;
  /** Resident memory of a process in bytes, as the kernel counts it. */
  rss(of: Part): Promise<number>;
  /** Collects the garbage of hub and agent. */
  collectGarbage(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it all. */
export async function openStage(): Promise<StressStage> {
  const fleet = await Fleet.make();
  const undo: (() => unknown)[] = [() => fleet.stop()];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0)) await one();
  };
  try {
    return await open(fleet, undo, stop);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function open(fleet: Fleet, undo: (() => unknown)[], stop: () => Promise<void>): Promise<StressStage> {
  const [port, monitor] = [await freePort(), await freePort()];
  const made = await fleet.postern(['init', '--nats-listen', `127.0.0.1:${port}`]);
  const binary = await natsServer();
  const nats = spawn(binary.path, ['-c', made.stdout.trim(), '-m', String(monitor)], { stdio: 'ignore' });
  undo.push(async () => {
    const gone = once(nats, 'exit');
    nats.kill('SIGKILL');
    await gone;
  });
  const varz = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://127.0.0.1:${monitor}/varz`, { headers: { connection: 'close' } });
    const told: unknown = await response.json();
    return typeof told === 'object' && told !== null ? { ...told } : {};
  };
  await eventually('NATS answers', varz);

  const env = {
    NODE_OPTIONS: `--import ${pathToFileURL(path.join(compiledRoot, 'test/support/collect-garbage.js'))}`,
  };
  const front = ['--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'];
  const hub = await fleet.start(['hub', '--nats', `nats://127.0.0.1:${port}`, ...front], { env });
  const server = await startRawServer();
  undo.unshift(() => server.stop());
  const address = await fleet.hubAddress();
  const agent = await fleet.start(
    [
      ...['agent', '--node', 'stress', '--to', server.address, '--metrics', '127.0.0.1:0'],
      ...['--data', path.join(fleet.dir, 'stress')],
    ],
    { env: { ...env, POSTERN_HUB: `http://${address}`, POSTERN_TOKEN: await fleet.joinToken('stress') } },
  );
  const token = await fleet.callerToken('stress');
  const clients: ClientHttp2Session[] = [];
  undo.unshift(() => {
    for (const client of clients) client.destroy();
  });
  const pids = { hub: hub.pid, agent: agent.pid, nats: nats.pid ?? -1 };
  return {
    ...{ fleet, hub, agent, server, address, stop, varz },
    metadata: { 'x-postern-node': 'stress', authorization: `Bearer ${token}` },
    async client(windowBytes = 65_535) {
      // Node's own limit of 10 MB would have the client itself reset calls.
      const settings = { initialWindowSize: windowBytes };
      const client = connect(`http://${address}`, { maxSessionMemory: 100_000, settings });
      clients.push(client.on('error', () => {}));
      await once(client, 'remoteSettings');
      client.setLocalWindowSize(Math.max(65_535, windowBytes));
      return client;
    },
    metrics: (of) => scrape(String((of === 'hub' ? hub : agent).ready.metrics)),
    rss: (of) => residentBytes(pids[of]),
    async collectGarbage() {
      for (const one of [hub, agent]) {
        one.signal('SIGUSR2');
        // answered after the signal was
        await scrape(String(one.ready.metrics));
      }
    },
  };
}

async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}
