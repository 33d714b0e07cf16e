import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Has a gRPC server listen at `HOST:PORT` or `unix:PATH`; gives the port. Rejects with what the system says. */
export function bindGrpc(
  server: Server,
  address: string,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (failed, port) => {
      if (failed === null) resolve(port);
      else reject(failed);
    });
  });
}

/** Takes no new calls, lets open ones go on for `drainMs` milliseconds, and cuts those that are left. */
export function endGrpc(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, drainMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
