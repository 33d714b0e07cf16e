import { readFileSync } from 'node:fs';
import { Server, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { errorText, PosternError } from '../../errors.js';
import { MessengerServiceService } from '../../gen/berty/messenger/v1/messenger.js';
import {
  type ProtocolServiceServer as OldProtocolServiceServer,
  ProtocolServiceService as OldProtocolServiceService,
} from '../../gen/berty/protocol/v1/protocol.js';
import { DaemonServiceService } from '../../gen/postern/daemon/v1/daemon.js';
import {
  type ProtocolServiceServer,
  ProtocolServiceService,
} from '../../gen/weshnet/protocol/v1/protocol.js';
import { addReflection } from '../../grpc-reflection.js';
import { bindGrpc, endGrpc } from '../../wire/grpc-listener.js';
import { groupMethods } from './group-methods.js';
import { messengerService } from './messenger.js';
import type { Parts } from './parts.js';
import { peerMethods } from './peer-methods.js';
import { Calls } from './status.js';
import { daemonService } from './status-service.js';
import { replicate, tokenMethods } from './token-methods.js';

/** The daemon's gRPC services, listening. */
export interface Services {
  readonly listen: string;
  stop(): Promise<void>;
}

/** Open calls may go on for so long when the daemon stops, in milliseconds; lists have no end and are cut. */
const drainMs = 500;

/** Serves what clients of a Berty daemon call, health and reflection. Throws `PORT_IN_USE`. */
export async function startServices(parts: Parts, listen: { host: string; port: number }): Promise<Services> {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  const calls = new Calls(parts.log);
  const tokens = tokenMethods(parts, calls);
  const protocol: ProtocolServiceServer & OldProtocolServiceServer = {
    ...groupMethods(parts, calls),
    ...peerMethods(parts, calls),
    replicationServiceRegisterGroup: calls.unary(async ({ groupPk, token, replicationServer }) => {
      await replicate(parts, groupPk, { address: replicationServer, token });
      return {};
    }),
    authServiceInitFlow: tokens.authServiceInitFlow,
    authServiceCompleteFlow: tokens.authServiceCompleteFlow,
    servicesTokenList: tokens.protocolTokens,
    debugAuthServiceSetToken: tokens.debugAuthServiceSetToken,
  };
  const newForm: [ServiceDefinition, UntypedServiceImplementation][] = [[ProtocolServiceService, protocol]];
  const services: [ServiceDefinition, UntypedServiceImplementation][] = [
    ...(parts.media === undefined ? newForm : []),
    [OldProtocolServiceService, protocol],
    [MessengerServiceService, messengerService(parts, calls, tokens)],
    [DaemonServiceService, daemonService(parts, calls)],
  ];
  for (const [definition, implementation] of services) server.addService(definition, implementation);
  const health = new HealthImplementation({ '': 'SERVING' });
  health.addToServer(server);
  addReflection(
    server,
    readFileSync(new URL('../../gen/descriptors.binpb', import.meta.url)),
    services.map(([definition]) => definition),
  );
  const host = listen.host === '' ? '0.0.0.0' : listen.host;
  const port = await bound(server, `${host.includes(':') ? `[${host}]` : host}:${listen.port}`);
  return {
    listen: `${host}:${port}`,
    stop: async () => {
      health.setStatus('', 'NOT_SERVING');
      await endGrpc(server, drainMs);
    },
  };
}

async function bound(server: Server, address: string): Promise<number> {
  try {
    return await bindGrpc(server, address);
  } catch (cause) {
    throw new PosternError('PORT_IN_USE', `cannot listen on ${address}: ${errorText(cause)}`, {
      hint: 'stop the program that listens there, or choose another address',
      cause,
    });
  }
}
