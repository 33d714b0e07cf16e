import { errorText, PosternError } from '../../../errors.js';
import { type FaultKind, plainShape } from '../../../fault-kinds.js';
import type { Logger } from '../../../log.js';
import type { NodeFault } from '../../faults/fault.js';
import type { NodeFaults } from '../../faults/node-faults.js';
import { outageRun } from '../../faults/plan.js';

/** So many faults that are over are kept to be looked at. */
const mostKept = 200;
/** A fault acts within this, or is told to have failed, milliseconds. */
const beginWithinMs = 15_000;

/** What outages need of the faults of the node. */
export type OutageFaults = Pick<NodeFaults, 'arm' | 'heal' | 'all' | 'forget' | 'injector' | 'longestMs'>;

/** Cuts the network off: the agent from its hub, and where the kernel can drop packets its machine from all others. */
export class Outages {
  readonly #faults: OutageFaults;
  readonly #doer: string;
  readonly #log: Logger;
  /** Faults of the outage that goes on. */
  #acting: readonly NodeFault[] = [];

  constructor(options: { readonly faults: OutageFaults; readonly doer: string; readonly log: Logger }) {
    this.#faults = options.faults;
    this.#doer = options.doer;
    this.#log = options.log;
  }

  /** The kinds of faults that can be made here, and why not the others. */
  async kinds(): Promise<{ readonly able: readonly FaultKind[]; readonly why: string | undefined }> {
    const peers = await this.#faults.injector.ability({ kind: 'peers', shape: plainShape('peers') });
    return 'code' in peers
      ? { able: ['link'], why: peers.message }
      : { able: ['link', 'peers'], why: undefined };
  }

  /** Arms the faults of one outage, to begin at once. Rejects as `NodeFaults.arm` does; then nothing of it is left. */
  async arm(name: string, forMs: number): Promise<readonly NodeFault[]> {
    const { able } = await this.kinds();
    const atMs = Date.now();
    const common = { run: outageRun, atMs, forMs, offsetMs: 0, errorMs: 0 };
    try {
      for (const kind of able) {
        const fault = await this.#faults.arm({ ...common, fault: `${kind}-${name}`, kind }, this.#doer);
        this.#acting = [...this.#acting, fault];
      }
    } catch (thrown) {
      await this.end();
      throw thrown;
    }
    return this.#acting;
  }

  /** By what the faults act, once they do. Rejects where none of them could be made. */
  async begun(faults: readonly NodeFault[]): Promise<string> {
    await Promise.all(faults.map(settled));
    const acting = faults.flatMap((fault) => {
      const { by } = fault.snapshot().context;
      return by === undefined ? [] : [`${fault.plan.kind} by ${by}`];
    });
    if (acting.length > 0) return acting.join(', ');
    const why = faults.map((fault) => fault.snapshot().context.why).find((one) => one !== undefined);
    throw new PosternError(why?.code ?? 'FAULT_FAILED', why?.message ?? 'no fault began in time');
  }

  /** Ends the outage that goes on; resolves when it acts no more, or when that takes long. Never rejects. */
  async end(): Promise<void> {
    const ended = this.#acting;
    this.#acting = [];
    const healed = ended
      .filter(({ isOver }) => !isOver)
      .map(({ plan }) => this.#faults.heal(plan.run, plan.fault, this.#doer));
    for (const result of await Promise.allSettled(healed)) {
      if (result.status === 'rejected')
        this.#log.warn({ err: errorText(result.reason) }, 'an outage goes on');
    }
    const over = this.#faults.all(outageRun).filter(({ isOver }) => isOver);
    for (const { plan } of over.slice(0, -mostKept)) {
      await this.#faults.forget(plan.run, plan.fault).catch((thrown: unknown) => {
        this.#log.warn({ fault: plan.fault, err: errorText(thrown) }, 'an outage is not forgotten');
      });
    }
  }
}

/** Resolves when a fault acts, or will not, or the time is up. */
function settled(fault: NodeFault): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { by } = fault.snapshot().context;
      if (by !== undefined || fault.isOver) done();
    };
    const timer = setTimeout(() => done(), beginWithinMs);
    const stop = fault.onTransition(look);
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    look();
  });
}
