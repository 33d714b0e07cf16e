import { PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import type { DaemonAdapter } from '../adapters/adapter.js';

/** One attempt takes no longer, milliseconds. */
const attemptMs = 3_000;
/** So many daemons are asked at a time. */
const mostTargets = 16;

/** Asks one daemon what it is, over one connection however often. */
export interface PeerProbe {
  /** Whether it answers now. Never rejects. */
  answers(signal: AbortSignal): Promise<boolean>;
  /** Lets go; the connection is closed when nobody asks any more. */
  release(): void;
}

/** Daemons that somebody asks for now, with one connection to each. */
export class PeerProbes {
  readonly #adapter: (target: string) => Pick<DaemonAdapter, 'identify' | 'close'>;
  readonly #open = new Map<
    string,
    { readonly adapter: Pick<DaemonAdapter, 'identify' | 'close'>; users: number }
  >();

  constructor(adapter: (target: string) => Pick<DaemonAdapter, 'identify' | 'close'>) {
    this.#adapter = adapter;
  }

  /** Throws `TOO_MANY_PEERS`. */
  open(target: string): PeerProbe {
    const known = this.#open.get(target);
    if (known === undefined && this.#open.size >= mostTargets) {
      throw new PosternError(
        'TOO_MANY_PEERS',
        `this agent asks ${mostTargets} daemons at a time, and no more`,
        {
          hint: 'ask again later',
        },
      );
    }
    const entry = known ?? { adapter: this.#adapter(target), users: 0 };
    this.#open.set(target, entry);
    entry.users += 1;
    return {
      answers: async (signal) => {
        const limited = joinAborts([signal], attemptMs);
        try {
          await entry.adapter.identify(limited.signal);
          return true;
        } catch {
          return false;
        } finally {
          limited.release();
        }
      },
      release: () => {
        entry.users -= 1;
        if (entry.users > 0) return;
        this.#open.delete(target);
        entry.adapter.close();
      },
    };
  }
}
