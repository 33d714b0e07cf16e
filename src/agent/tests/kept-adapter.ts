import { joinAborts } from '../../joined-abort.js';
import { GrpcAdapter, type GrpcWorkload } from '../adapters/grpc/grpc-adapter.js';

/** A server may take this long to say what its method is, milliseconds. */
const identifyWithinMs = 5_000;

/** The adapter of one test of calls: asked once what its server is, and again only while that fails. */
export class KeptGrpcAdapter {
  readonly #adapter: GrpcAdapter;
  readonly #over = new AbortController();
  #identified: Promise<void> | undefined;

  constructor(address: string, workload: GrpcWorkload) {
    this.#adapter = new GrpcAdapter(address, workload);
  }

  /** The adapter, when its server has answered. Rejects as `identify` does. */
  async ready(): Promise<GrpcAdapter> {
    this.#identified ??= this.#identify();
    await this.#identified;
    return this.#adapter;
  }

  close(): void {
    this.#over.abort();
    this.#adapter.close();
  }

  async #identify(): Promise<void> {
    const limited = joinAborts([this.#over.signal], identifyWithinMs);
    try {
      await this.#adapter.identify(limited.signal);
    } catch (thrown) {
      this.#identified = undefined;
      throw thrown;
    } finally {
      limited.release();
    }
  }
}
