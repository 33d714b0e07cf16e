import { setTimeout as sleep } from 'node:timers/promises';
import { deadline, unary } from '../../client/call-failed.js';
import { connectHub, type HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { HubTarget } from '../../client/hub-target.js';
import { errorText, PosternError } from '../../errors.js';
import type { CreateJoinTokenResponse } from '../../gen/postern/v1/tokens.js';
import { NodeTestsClient } from '../commands/tests/node-tests.js';

/** How long connecting to the hub may take, and a daemon until it serves, milliseconds. */
const connectMs = 20_000;
const serveMs = 60_000;
const lookEveryMs = 150;
/** Life of a join token, which is needed once, seconds. */
const tokenSeconds = 3_600;

/** What a world's maker asks its hub and nodes. */
export class NodesDesk {
  readonly #connection: HubConnection;
  readonly #tests: NodeTestsClient;

  private constructor(connection: HubConnection) {
    this.#connection = connection;
    this.#tests = new NodeTestsClient(connection);
  }

  /** Rejects with `HUB_UNREACHABLE`. */
  static async open(hub: HubTarget): Promise<NodesDesk> {
    return new NodesDesk(await connectHub(hub, connectMs));
  }

  /** A join token for a node. */
  async joinToken(node: string): Promise<string> {
    const { tokens } = hubServices(this.#connection);
    const request = { node, ttlSeconds: tokenSeconds, uses: 1, labels: {} };
    const made = await unary<CreateJoinTokenResponse>((done) =>
      tokens.createJoinToken(request, this.#connection.metadata(), deadline(), done),
    );
    return made.token;
  }

  /** Waits until the daemon of a node serves. Rejects with `WORLD_FAILED`, or the reason of the signal. */
  async awaitServing(node: string, signal: AbortSignal | undefined): Promise<void> {
    const endMs = performance.now() + serveMs;
    for (;;) {
      const why = await this.#whyNotServing(node);
      if (why === undefined) return;
      if (performance.now() > endMs) {
        throw new PosternError(
          'WORLD_FAILED',
          `the daemon of ${node} does not serve after ${serveMs / 1000} s: ${why}`,
        );
      }
      await sleep(lookEveryMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #whyNotServing(node: string): Promise<string | undefined> {
    try {
      const { state, error } = await this.#tests.ask(node, (client) => client.getDaemon, {});
      return state === 'serving' ? undefined : error || `it is ${state}`;
    } catch (thrown) {
      return errorText(thrown);
    }
  }
}
