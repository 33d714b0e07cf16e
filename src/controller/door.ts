import {
  type Metadata,
  Server,
  ServerCredentials,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Asserted, type AssertionKeys, assertionField, verifyAssertion } from '../auth/assertion.js';
import { hasRole } from '../auth/identity.js';
import { errorText, PosternError } from '../errors.js';
import { type OwnService, userField } from '../own-service.js';

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
  server.addService(service.definition, asserted(service.implementation, keys, audience));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (failed, bound) => {
      if (failed === null) resolve(bound);
      else reject(new PosternError('LISTEN_FAILED', `cannot listen on ${listen}: ${failed.message}`));
    });
  });
  return {
    address: listen.startsWith('unix:') ? listen : listen.replace(/:\d+$/, `:${port}`),
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), drainMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

function asserted(
  implementation: UntypedServiceImplementation,
  keys: AssertionKeys,
  audience: string,
): UntypedServiceImplementation {
  const guard =
    (handle: UntypedHandleCall): UntypedHandleCall =>
    (
      call: { readonly metadata: Metadata; emit(event: 'error', error: unknown): boolean },
      ...rest: unknown[]
    ) => {
      try {
        const text = call.metadata.get(assertionField)[0]?.toString() ?? '';
        const caller = verifyAssertion(text, { keys, audience });
        assertOperates(caller);
        call.metadata.set(userField, caller.subject);
      } catch (thrown) {
        const denied = thrown instanceof PosternError && thrown.code === 'PERMISSION_DENIED';
        const code = denied ? status.PERMISSION_DENIED : status.UNAUTHENTICATED;
        const error = { code, details: errorText(thrown) };
        const [callback] = rest;
        if (typeof callback === 'function') callback(error);
        else call.emit('error', error);
        return;
      }
      Reflect.apply(handle, undefined, [call, ...rest]);
    };
  return Object.fromEntries(Object.entries(implementation).map(([name, handle]) => [name, guard(handle)]));
}

/** Throws `PERMISSION_DENIED`. */
function assertOperates(caller: Asserted): void {
  const refuse = (why: string): never => {
    throw new PosternError('PERMISSION_DENIED', `'${caller.subject}' may not conduct runs: claim ${why}`);
  };
  if (!hasRole(caller, 'operate')) refuse(`roles holds ${caller.roles.join(', ')}, and no operate`);
  if (caller.someNodes) refuse('nodes leaves nodes out, and runs are about any node');
}
