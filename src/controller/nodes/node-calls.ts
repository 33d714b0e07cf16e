import { type CallOptions, credentials, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type CallFailed, callFailed } from '../../client/call-failed.js';
import { connectHub, type HubConnection } from '../../client/hub-connection.js';
import type { HubTarget } from '../../client/hub-target.js';
import { FaultsServiceClient } from '../../gen/postern/v1/faults.js';
import { NodesServiceClient } from '../../gen/postern/v1/nodes.js';
import { TestsServiceClient } from '../../gen/postern/v1/tests.js';

/** How long connecting to a hub may take, milliseconds. */
const connectMs = 5_000;

/** The services that a controller calls. */
export interface Clients {
  readonly nodes: NodesServiceClient;
  readonly tests: TestsServiceClient;
  readonly faults: FaultsServiceClient;
}

/** A method of one of them. */
export type Method<Q, R> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: R) => void,
) => unknown;

/** Calls nodes by way of a hub, like every client; finds the hub when it first needs it, and again after a loss. */
export class NodeCalls {
  readonly #find: () => Promise<HubTarget>;
  #connected: Promise<{ connection: HubConnection; clients: Clients }> | undefined;
  #closed = false;

  constructor(find: () => Promise<HubTarget>) {
    this.#find = find;
  }

  /**
   * Calls a node, or the hub itself where `node` is undefined. Rejects with `CallFailed`, after `withinMs` with
   * DEADLINE_EXCEEDED, and with `HUB_UNREACHABLE`.
   */
  async ask<Q, R>(
    node: string | undefined,
    method: (clients: Clients) => Method<Q, R>,
    request: Q,
    { signal, withinMs }: { signal: AbortSignal; withinMs: number },
  ): Promise<R> {
    signal.throwIfAborted();
    this.#connected ??= this.#connect();
    const connected = this.#connected;
    const { connection, clients } = await connected.catch((thrown: unknown) => {
      if (this.#connected === connected) this.#connected = undefined;
      throw thrown;
    });
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const options = { deadline: Date.now() + withinMs };
      const call = method(clients)(request, connection.metadata(node), options, (error, response) => {
        signal.removeEventListener('abort', cancel);
        if (error === null) resolve(response);
        else reject(signal.aborted ? signal.reason : callFailed(error));
      });
      cancel = () => cancelCall(call);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  close(): void {
    this.#closed = true;
    this.#connected?.then(
      ({ connection }) => connection.close(),
      () => {},
    );
    this.#connected = undefined;
  }

  async #connect(): Promise<{ connection: HubConnection; clients: Clients }> {
    const connection = await connectHub(await this.#find(), connectMs);
    if (this.#closed) connection.close();
    const { address } = connection.target;
    const options = { channelOverride: connection.client.getChannel() };
    const plain = credentials.createInsecure();
    const clients = {
      nodes: new NodesServiceClient(address, plain, options),
      tests: new TestsServiceClient(address, plain, options),
      faults: new FaultsServiceClient(address, plain, options),
    };
    return { connection, clients };
  }
}

function cancelCall(call: unknown): void {
  if (call instanceof Object && 'cancel' in call && typeof call.cancel === 'function') call.cancel();
}

/** Whether a node may do later what it does not now. */
export function isPassing({ status: { code } }: CallFailed): boolean {
  return ![
    status.INVALID_ARGUMENT,
    status.UNIMPLEMENTED,
    status.PERMISSION_DENIED,
    status.UNAUTHENTICATED,
    status.ALREADY_EXISTS,
    status.OUT_OF_RANGE,
  ].includes(code);
}

/** Whether a node obeys a later controller of the run. */
export function isSuperseded({ status: { code, details } }: CallFailed): boolean {
  return code === status.FAILED_PRECONDITION && details.includes('superseded: ');
}
