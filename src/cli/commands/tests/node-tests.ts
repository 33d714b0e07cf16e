import { type CallOptions, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { unary } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { TestsServiceClient } from '../../../gen/postern/v1/tests.js';

/** An agent may take this long to answer, in milliseconds: it may have to wait for its daemon. */
const answerWithinMs = 30_000;

/** What a person asks is on behalf of no controller. */
export const byHand = { command: undefined } as const;

/** A method of the service of tests. */
type TestsMethod<Q, R> = (
  this: TestsServiceClient,
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: R) => void,
) => unknown;

/** The tests of nodes, by way of a hub. */
export class NodeTestsClient {
  readonly #connection: HubConnection;
  readonly #client: TestsServiceClient;

  constructor(connection: HubConnection) {
    this.#connection = connection;
    this.#client = new TestsServiceClient(connection.target.address, credentials.createInsecure(), {
      channelOverride: connection.client.getChannel(),
    });
  }

  /** Asks a node. Rejects with `CallFailed`. */
  ask<Q, R>(node: string, method: (client: TestsServiceClient) => TestsMethod<Q, R>, request: Q): Promise<R> {
    const options = { deadline: Date.now() + answerWithinMs };
    return unary<R>((done) =>
      method(this.#client).call(this.#client, request, this.#connection.metadata(node), options, done),
    );
  }
}
