import { type Metadata, Server, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Asserted, type AssertionKeys, assertionField, verifyAssertion } from '../auth/assertion.js';
import { hasRole } from '../auth/identity.js';
import { errorText, PosternError } from '../errors.js';
import { guardedBy, type OwnService } from '../own-service.js';
import { bindGrpc, endGrpc } from '../wire/grpc-listener.js';

/** Calls that are open when the door closes may go on for so long, milliseconds. */
const drainMs = 2_000;

/** A door of a controller that runs by itself. */
export interface ControllerDoor {
  /** Where it listens, as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves a controller's service to hubs: only who shows a hub's assertion of who calls comes in, and only who may operate
 * all nodes, whatever the hub's route asks for. Throws `LISTEN_FAILED`.
 * @param audience whom the assertions are for: the name of the hub's route
 */
export async function openDoor(options: {
  readonly listen: string;
  readonly service: OwnService;
  readonly keys: AssertionKeys;
  readonly audience: string;
}): Promise<ControllerDoor> {
  const { listen, service, keys, audience } = options;
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(service.definition, asserted(service, keys, audience));
  const port = await bindGrpc(server, listen).catch((failed: unknown) => {
    throw new PosternError('LISTEN_FAILED', `cannot listen on ${listen}: ${errorText(failed)}`);
  });
  return {
    address: listen.startsWith('unix:') ? listen : listen.replace(/:\d+$/, `:${port}`),
    close: () => endGrpc(server, drainMs),
  };
}

function asserted(service: OwnService, keys: AssertionKeys, audience: string): UntypedServiceImplementation {
  const admit = (metadata: Metadata): string => {
    const text = metadata.get(assertionField)[0]?.toString() ?? '';
    const caller = verifyAssertion(text, { keys, audience });
    assertOperates(caller);
    return caller.subject;
  };
  const refusal = (thrown: unknown) => {
    const denied = thrown instanceof PosternError && thrown.code === 'PERMISSION_DENIED';
    return { code: denied ? status.PERMISSION_DENIED : status.UNAUTHENTICATED, details: errorText(thrown) };
  };
  return guardedBy({ admit, refusal }, service);
}

/** Throws `PERMISSION_DENIED`. */
function assertOperates(caller: Asserted): void {
  const refuse = (why: string): never => {
    throw new PosternError('PERMISSION_DENIED', `'${caller.subject}' may not conduct runs: claim ${why}`);
  };
  if (!hasRole(caller, 'operate')) refuse(`roles holds ${caller.roles.join(', ')}, and no operate`);
  if (caller.someNodes) refuse('nodes leaves nodes out, and runs are about any node');
}
