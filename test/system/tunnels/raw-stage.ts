import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import path from 'node:path';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { type RawServer, startRawServer } from '../../support/raw-grpc.js';
import { scrape } from '../../support/scrape.js';

/** How a node's server is joined to the hub. */
export type Way = 'tunnel' | 'agent';

/** A hub, a node with a tunnel and one with an agent, each a process, before one server in this process. */
export interface RawStage {
  readonly fleet: Fleet;
  readonly hub: RunningProcess;
  readonly server: RawServer;
  /** A new connection to the hub. */
  client(): Promise<ClientHttp2Session>;
  /** Headers that get a call to the node of this way, which is called like it. */
  metadata(node: Way): Readonly<Record<string, string>>;
  /** Calls that the hub counts as open. */
  callsInFlight(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it all. */
export async function openRawStage(): Promise<RawStage> {
  const fleet = await Fleet.make();
  const server = await startRawServer();
  const clients = new Set<ClientHttp2Session>();
  const stop = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    await fleet.stop();
    server.stop();
  };
  try {
    const hub = await fleet.up();
    const address = await fleet.hubAddress();
    await serve(fleet, 'tunnel', server.address);
    await fleet.agent('agent', [server.address]);
    for (const node of ['tunnel', 'agent']) {
      await eventually(`${node} is there`, async () => (await fleet.stateOf(node)) === 'connected.idle');
    }
    const token = await fleet.callerToken('tester');
    return {
      ...{ fleet, hub, server, stop },
      async client() {
        const session = connect(`http://${address}`, { settings: { initialWindowSize: 1 << 20 } });
        clients.add(session.on('error', () => {}).on('close', () => clients.delete(session)));
        await once(session, 'remoteSettings');
        session.setLocalWindowSize(16 << 20);
        return session;
      },
      metadata: (node) => ({ 'x-postern-node': node, authorization: `Bearer ${token}` }),
      async callsInFlight() {
        const samples = await scrape(String(hub.ready.metrics));
        return samples.get('postern_calls_in_flight') ?? Number.NaN;
      },
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** `postern serve` with a data directory of its own. */
export async function serve(fleet: Fleet, node: string, to: string): Promise<RunningProcess> {
  const hub = `ws://${await fleet.hubAddress()}/ws`;
  const args = ['serve', node, '--to', to, '--hub-uri', hub, '--data', path.join(fleet.dir, `of-${node}`)];
  return fleet.start(args, { env: { POSTERN_TOKEN: await fleet.joinToken(node) } });
}

/** What the kernel counts of a process's memory, bytes: now, and the most there ever was. */
export async function memoryOf({ pid }: RunningProcess): Promise<{ now: number; most: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
  return { now: of('VmRSS'), most: of('VmHWM') };
}
