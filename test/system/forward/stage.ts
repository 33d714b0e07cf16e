import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Fleet } from '../../support/fleet.js';
import type { RunningProcess } from '../../support/processes.js';

/** A TCP server whose connections a test looks after. */
export interface TargetServer {
  readonly address: string;
  readonly accepted: Socket[];
  stop(): Promise<void>;
}

/** Listens; `serve` gets each connection, which may be half open. */
export async function startTarget(serve: (socket: Socket) => void): Promise<TargetServer> {
  const accepted: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {}); // 'close' follows
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${addressOf(server).port}`,
    accepted,
    async stop() {
      for (const socket of accepted) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address;
}

/** A hub and an agent that forwards to some targets, as real processes. */
export class ForwardStage {
  readonly fleet: Fleet;
  readonly hub: string;
  /** Process ids of hub and agent. */
  readonly pids: readonly number[];
  readonly #token: string;

  private constructor(fleet: Fleet, hub: string, token: string, pids: readonly number[]) {
    this.fleet = fleet;
    this.pids = pids;
    this.hub = hub;
    this.#token = token;
  }

  /** Node `cellar`, whose gRPC server is at `daemon`, also leads to `targets`. */
  static async make(daemon: string, targets: readonly string[]): Promise<ForwardStage> {
    const fleet = await Fleet.make();
    try {
      const up = await fleet.up();
      const agent = await fleet.agent(
        'cellar',
        [daemon],
        targets.flatMap((target) => ['--forward', target]),
      );
      return new ForwardStage(fleet, await fleet.hubAddress(), await fleet.callerToken('forwarder'), [
        up.pid,
        agent.pid,
      ]);
    } catch (thrown) {
      await fleet.stop();
      throw thrown;
    }
  }

  /** `postern forward`; where it listens. */
  async listen(spec: string, node = 'cellar'): Promise<{ port: number; process: RunningProcess }> {
    const process = await this.fleet.start(['forward', node, spec]);
    return { port: Number(String(process.ready.listen).split(':').at(-1)), process };
  }

  /** A raw connection to the hub with this first line, and the hub's answer. */
  async raw(
    request: Record<string, unknown> | string,
  ): Promise<{ socket: Socket; answer: Record<string, unknown> | undefined }> {
    const [host = '', port] = this.hub.split(':');
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => {}); // 'close' follows
    const line =
      typeof request === 'string' ? request : `${JSON.stringify({ token: this.#token, ...request })}\n`;
    socket.write(line);
    return { socket, answer: await answered(socket) };
  }

  stop(): Promise<void> {
    return this.fleet.stop();
  }
}

/** The first line that comes, as JSON; undefined where the connection ends before it. */
function answered(socket: Socket): Promise<Record<string, unknown> | undefined> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(0x0a);
      if (end === -1) return;
      socket.off('data', onData);
      socket.pause();
      if (end + 1 < seen.length) socket.unshift(seen.subarray(end + 1));
      const parsed: unknown = JSON.parse(seen.toString('utf8', 0, end));
      resolve(typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined);
    };
    socket.on('data', onData);
    socket.once('close', () => resolve(undefined));
    socket.once('end', () => resolve(undefined));
  });
}

/** Connects to a local port. */
export async function dialPort(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {}); // 'close' follows
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side ends, as bytes and SHA-256. */
export async function readToEnd(socket: Socket): Promise<{ bytes: number; hash: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of socket) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, hash: hash.digest('hex') };
}

/** Writes so many bytes, which repeat a random block, as fast as they are taken; then ends. Gives their SHA-256. */
export async function writeAll(socket: Socket, bytes: number): Promise<string> {
  const block = randomBytes(256 * 1024);
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= block.length) {
    const chunk = left < block.length ? block.subarray(0, left) : block;
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}
