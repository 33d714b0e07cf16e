import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { interopPackage, interopService } from './protos.js';
import { type InteropCounters, interopImplementation } from './service.js';

/** A running interop server. */
export interface InteropServer {
  /** Where it listens: `127.0.0.1:PORT` or `unix:/path`. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
  readonly counters: InteropCounters;
  readonly health: HealthImplementation;
  /** Ends gracefully, at most 2 s. */
  stop(): Promise<void>;
  /** Cuts all connections at once. */
  kill(): void;
}

export interface InteropOptions {
  /** Default `127.0.0.1:0`. */
  readonly address?: string;
  /** What `fillServerId` is answered with. */
  readonly serverId?: string;
  readonly credentials?: ServerCredentials;
  /** Options of grpc-js. */
  readonly options?: ConstructorParameters<typeof Server>[0];
}

/** A grpc-js server with the interop TestService, health and reflection, that does not listen yet. */
export function createInteropServer(options: InteropOptions = {}): {
  server: Server;
  counters: InteropCounters;
  health: HealthImplementation;
} {
  const counters: InteropCounters = { open: 0, started: 0, cancelled: 0 };
  const server = new Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
    ...options.options,
  });
  server.addService(
    interopService('grpc.testing.TestService'),
    interopImplementation(counters, options.serverId ?? 'interop'),
  );
  const health = new HealthImplementation({ '': 'SERVING', 'grpc.testing.TestService': 'SERVING' });
  health.addToServer(server);
  new ReflectionService(interopPackage).addToServer(server);
  return { server, counters, health };
}

/** Starts an interop server. */
export async function startInteropServer(options: InteropOptions = {}): Promise<InteropServer> {
  const { server, counters, health } = createInteropServer(options);
  const wanted = options.address ?? '127.0.0.1:0';
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(wanted, options.credentials ?? ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const unix = wanted.startsWith('unix:');
  return {
    address: unix ? wanted : `${wanted.slice(0, wanted.lastIndexOf(':'))}:${port}`,
    port: unix ? 0 : port,
    counters,
    health,
    stop: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), 2_000);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    kill: () => server.forceShutdown(),
  };
}

/** `node server.js [--listen ADDRESS] [--id NAME]`: prints one JSON line when ready; SIGTERM and SIGINT end it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:0' },
      id: { type: 'string', default: 'interop' },
    },
  });
  const interop = await startInteropServer({ address: values.listen, serverId: values.id });
  process.stdout.write(`${JSON.stringify({ ready: true, listen: interop.address })}\n`);
  const stop = (): void => {
    interop.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

const program = process.argv[1];
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) await main();
