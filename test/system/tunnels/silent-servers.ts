import { once } from 'node:events';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';

/** A server that takes what comes and says nothing. */
export interface SilentServer {
  readonly port: number;
  /** What it holds at this moment: connections of the one kind, calls of the other. */
  readonly held: number;
  stop(): void;
}

/** Accepts connections and never says a byte. */
export async function silentTcp(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    socket.resume();
  });
  return {
    port: await listening(server),
    get held() {
      return sockets.size;
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A gRPC server that takes calls, `most` at the same time on a connection, and answers none until `speak`; then it echoes. */
export async function silentGrpc(most: number): Promise<SilentServer & { speak(): void }> {
  const calls = new Set<ServerHttp2Stream>();
  const sessions = new Set<{ destroy(): void }>();
  let speaks = false;
  const server = createHttp2Server({ settings: { maxConcurrentStreams: most } });
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.on('stream', (stream) => {
    calls.add(stream);
    stream.on('error', () => {}).on('close', () => calls.delete(stream));
    if (!speaks) {
      stream.resume();
      return;
    }
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.pipe(stream);
  });
  return {
    port: await listening(server),
    get held() {
      return calls.size;
    },
    speak() {
      speaks = true;
    },
    stop() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
