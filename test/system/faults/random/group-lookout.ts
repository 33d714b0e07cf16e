import { credentials } from '@grpc/grpc-js';
import { unary } from '../../../../src/client/call-failed.js';
import type { HubConnection } from '../../../../src/client/hub-connection.js';
import { type ListTestsResponse, TestsServiceClient } from '../../../../src/gen/postern/v1/tests.js';

const everyMs = 200;

/** Asks a node again and again, until it is told that the run is over, in which group its tests are: nodes forget runs that are over. */
export class GroupLookout {
  readonly #client: TestsServiceClient;
  readonly #looking: Promise<string | undefined>;
  #isOver = false;

  constructor(connection: HubConnection, { run, node }: { readonly run: string; readonly node: string }) {
    this.#client = new TestsServiceClient(connection.target.address, credentials.createInsecure(), {
      channelOverride: connection.client.getChannel(),
    });
    this.#looking = this.#look(async () => {
      const asked = { deadline: Date.now() + 5_000 };
      const { tests } = await unary<ListTestsResponse>((done) =>
        this.#client.listTests({ run }, connection.metadata(node), asked, done),
      );
      return tests[0]?.spec?.group;
    });
  }

  /** The group's id. Throws where it was never told. */
  async end(): Promise<string> {
    this.#isOver = true;
    const group = await this.#looking;
    if (group === undefined) throw new Error('no test was there while it ran');
    return group;
  }

  async #look(ask: () => Promise<string | undefined>): Promise<string | undefined> {
    while (!this.#isOver) {
      // A node that is cut off tells nothing.
      const group = await ask().catch(() => undefined);
      if (group !== undefined) return group;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return undefined;
  }
}
