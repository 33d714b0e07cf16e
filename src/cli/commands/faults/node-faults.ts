import { type CallOptions, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { unary } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { FaultsServiceClient } from '../../../gen/postern/v1/faults.js';

/** An agent may take this long to answer, in milliseconds: it may have to undo things. */
const answerWithinMs = 30_000;

/** A method of the service of faults. */
type FaultsMethod<Q, R> = (
  this: FaultsServiceClient,
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: R) => void,
) => unknown;

/** The faults of nodes, by way of a hub. */
export class NodeFaultsClient {
  readonly #connection: HubConnection;
  readonly #client: FaultsServiceClient;

  constructor(connection: HubConnection) {
    this.#connection = connection;
    this.#client = new FaultsServiceClient(connection.target.address, credentials.createInsecure(), {
      channelOverride: connection.client.getChannel(),
    });
  }

  /** Asks a node, which may take `withinMs` milliseconds to answer. Rejects with `CallFailed`. */
  ask<Q, R>(
    node: string,
    method: (client: FaultsServiceClient) => FaultsMethod<Q, R>,
    request: Q,
    withinMs = answerWithinMs,
  ): Promise<R> {
    const options = { deadline: Date.now() + withinMs };
    return unary<R>((done) =>
      method(this.#client).call(this.#client, request, this.#connection.metadata(node), options, done),
    );
  }
}
