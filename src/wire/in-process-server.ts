import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from '../log.js';
import { Http2Upstream } from './http2-upstream.js';
import { duplexPair } from './in-process.js';

/** A gRPC server of this process as a target of calls: there is no address to connect to. */
export interface InProcessServer {
  readonly target: Http2Upstream;
  /** Ends all calls. */
  stop(): void;
}

/** Leads calls to a server that listens nowhere; `name` is what messages call it. */
export function inProcessServer(server: Server, name: string, log: Logger): InProcessServer {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const target = new Http2Upstream({
    log,
    name,
    connect: () => {
      const [ours, theirs] = duplexPair();
      injector.injectConnection(theirs);
      return ours;
    },
  });
  return {
    target,
    stop: () => {
      target.close();
      injector.destroy();
      server.forceShutdown();
    },
  };
}
