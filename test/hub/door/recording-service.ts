import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A gRPC server on loopback that answers every call with OK and an empty message (none with `x-hold`), and keeps what it was sent. */
export interface RecordingService {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** The headers of every call, oldest first. */
  readonly seen: IncomingHttpHeaders[];
  /** Answers the calls that came with `x-hold`. */
  release(): void;
  stop(): Promise<void>;
}

/** @param port 0 takes any. */
export async function startRecordingService(port = 0): Promise<RecordingService> {
  const seen: IncomingHttpHeaders[] = [];
  const held: (() => void)[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    seen.push(headers);
    stream.on('error', () => {});
    const answer = (): void => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.resume();
      stream.end(Buffer.alloc(5));
    };
    if (headers['x-hold'] === undefined) answer();
    else held.push(answer);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${bound.port}`,
    seen,
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
