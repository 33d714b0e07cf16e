import { randomBytes } from 'node:crypto';
import { PosternError } from '../../../src/errors.js';
import type { Test, TestSpec } from '../../../src/gen/postern/v1/tests.js';
import { SimFaults } from './sim-faults.js';

/** On whose behalf a node is told something. */
export interface Behalf {
  readonly run: string;
  readonly term: number;
}

/** A test as a simulated node has it. */
export interface SimMade {
  readonly run: string;
  readonly test: string;
  readonly spec: TestSpec;
  readonly settleMs: number;
  readonly journal: string;
  startAtMs: number | undefined;
  offsetMs: number;
  /** Its records are in the stream. */
  handedOver: number;
}

/** What an agent with a daemon does for a controller, without daemon and journal: by the clock alone. */
export class SimNode {
  readonly name: string;
  /** Its clock is behind the controller's by so much, milliseconds. */
  readonly offsetMs: number;
  readonly tests = new Map<string, SimMade>();
  readonly faults = new SimFaults(() => this.now());
  /** Everything that it was told and did, in order; what changes nothing any more is left out. */
  readonly done: string[] = [];
  /** Commands of controllers that another has taken over from. */
  refused = 0;
  readonly #terms = new Map<string, number>();
  readonly #groups = new Map<string, string>();

  constructor(name: string, offsetMs: number) {
    this.name = name;
    this.offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() - this.offsetMs;
  }

  /** Throws `SUPERSEDED` for a command of a controller that is not the latest. */
  obey({ run, term }: Behalf): void {
    const known = this.#terms.get(run) ?? 0;
    if (term < known) {
      this.refused += 1;
      throw new PosternError('SUPERSEDED', `superseded: run ${run} has term ${known}, this command ${term}`);
    }
    this.#terms.set(run, term);
  }

  group(run: string, name: string): string {
    const known = this.#groups.get(`${run}/${name}`);
    if (known !== undefined) return known;
    const made = randomBytes(9).toString('base64url');
    this.#groups.set(`${run}/${name}`, made);
    this.done.push(`makes ${name}`);
    return made;
  }

  create(run: string, test: string, spec: TestSpec, settleMs: number): SimMade {
    const known = this.tests.get(`${run}/${test}`);
    if (known !== undefined) return known;
    const journal = `j${randomBytes(6).toString('hex')}`;
    const made = { run, test, spec, settleMs, journal, startAtMs: undefined, offsetMs: 0, handedOver: 0 };
    this.tests.set(`${run}/${test}`, made);
    this.done.push(`creates ${test}`);
    return made;
  }

  /** Throws `ARMED_OTHERWISE` when it is armed for another time. */
  arm(made: SimMade, startAtMs: number, offsetMs: number): void {
    if (made.startAtMs !== undefined) {
      if (Math.abs(made.startAtMs + made.offsetMs - startAtMs) < 0.001) return;
      throw new PosternError('ARMED_OTHERWISE', `${made.test} is armed for another time`);
    }
    made.startAtMs = startAtMs - offsetMs;
    made.offsetMs = offsetMs;
    this.done.push(`arms ${made.test}`);
  }

  /** Its tests of a run as it would list them. */
  list(run: string): Test[] {
    return [...this.tests.values()].filter((one) => one.run === run).map((made) => this.#shown(made));
  }

  #shown(made: SimMade): Test {
    const { spec, startAtMs = 0 } = made;
    const sent = Math.min(
      spec.amount,
      Math.max(0, Math.floor((this.now() - startAtMs) / spec.intervalMs) + 1),
    );
    const ended = made.handedOver > 0;
    const armed = made.startAtMs !== undefined;
    return {
      ...{ run: made.run, test: made.test, spec, startAtMs, reason: '' },
      state: ended ? 'finished' : !armed ? 'created' : sent === 0 ? 'armed' : 'running',
      ...{ lastSeq: armed ? sent : 0, ok: armed ? sent : 0, fail: 0, info: 0, unknown: 0, open: 0 },
      ...{
        received: 0,
        duplicated: 0,
        slips: 0,
        boots: 1,
        recorded: made.handedOver,
        drained: made.handedOver,
      },
    };
  }
}
