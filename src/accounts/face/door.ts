import { readFileSync } from 'node:fs';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { errorText, PosternError } from '../../errors.js';
import { addReflection } from '../../grpc-reflection.js';
import type { OwnService } from '../../own-service.js';
import { bindGrpc, endGrpc } from '../../wire/grpc-listener.js';

/** Calls that are open when the door closes may go on for so long, milliseconds. */
const drainMs = 2_000;
/** Largest message that comes in, in bytes. */
const mostBytes = 1 << 20;

/** A gRPC listener of the account services. */
export interface FaceDoor {
  /** Where it listens, as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves services with health and reflection. Throws `LISTEN_FAILED`. */
export async function openFace(listen: string, services: readonly OwnService[]): Promise<FaceDoor> {
  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': mostBytes,
    'grpc.max_concurrent_streams': 1_000,
  });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const serving = services.map(({ name }) => [name, 'SERVING'] as const);
  new HealthImplementation({ '': 'SERVING', ...Object.fromEntries(serving) }).addToServer(server);
  addReflection(
    server,
    readFileSync(new URL('../../gen/descriptors.binpb', import.meta.url)),
    services.map(({ definition }) => definition),
  );
  const port = await bindGrpc(server, listen).catch((failed: unknown) => {
    throw new PosternError('LISTEN_FAILED', `cannot listen on ${listen}: ${errorText(failed)}`);
  });
  return {
    address: listen.startsWith('unix:') ? listen : listen.replace(/:\d+$/, `:${port}`),
    close: () => endGrpc(server, drainMs),
  };
}
