import { Fleet } from '../fleet.js';
import { type InteropServer, startInteropServer } from '../interop/server.js';
import { eventually } from '../processes.js';
import { webCall } from './client.js';

/** The node that serves gRPC's TestService. */
export const node = 'cellar';
/** The origin whose pages may call. */
export const origin = 'https://app.example.org';

/** A hub with its bus and an agent, each a process, and gRPC's interop server in this one. */
export interface WebStage {
  readonly fleet: Fleet;
  /** Where the hub listens, `127.0.0.1:PORT`. */
  readonly hub: string;
  /** A caller token. */
  readonly token: string;
  readonly server: InteropServer;
  /** Metadata that leads a call to the node. */
  readonly metadata: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startWebStage(extra: readonly string[] = []): Promise<WebStage> {
  const fleet = await Fleet.make();
  const server = await startInteropServer();
  const stop = async (): Promise<void> => {
    await fleet.stop();
    await server.stop();
  };
  try {
    await fleet.up(['--cors-origin', origin, ...extra]);
    await fleet.agent(node, [server.address]);
    const [hub, token] = await Promise.all([fleet.hubAddress(), fleet.callerToken('web')]);
    const metadata = { 'x-postern-node': node, authorization: `Bearer ${token}` };
    await eventually('the node takes calls', async () => {
      const headers = Object.entries(metadata);
      const path = '/grpc.testing.TestService/EmptyCall';
      const saw = await webCall({ address: hub, version: 'HTTP/1.1', path, headers }, Buffer.alloc(5));
      return saw.trailers?.some(([name, value]) => name === 'grpc-status' && value === '0') === true;
    });
    return { fleet, hub, token, server, metadata, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
