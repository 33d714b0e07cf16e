import type { Plan, PlannedTest } from '../plan/plan.js';

/** A planned test with numbers for what is in it. */
export interface LaidTest {
  /** Its place in the plan. */
  readonly number: number;
  readonly planned: PlannedTest;
  /** Who takes part, in the order of the group; the senders alone where nobody receives. */
  readonly members: readonly string[];
  /** Places in `members`, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** The messages of the member at place p are in the lane `firstLane + p`. */
  readonly firstLane: number;
  /** Whether what one sends comes to the others. */
  readonly isReceived: boolean;
}

/** The tests of a plan, numbered. */
export class Layout {
  readonly tests: readonly LaidTest[];
  /** How many lanes there are. */
  readonly lanes: number;
  readonly #byName: ReadonlyMap<string, LaidTest>;

  constructor(plan: Plan) {
    let lanes = 0;
    this.tests = plan.tests.map((planned, number) => {
      const isReceived = planned.workload.type !== 'call';
      const group = plan.groups.find(({ name }) => name === planned.group);
      const members = isReceived ? (group?.members ?? planned.senders) : planned.senders;
      const places = new Map(members.map((name, place) => [name, place]));
      const laid = { number, planned, members, places, firstLane: lanes, isReceived };
      lanes += members.length;
      return laid;
    });
    this.lanes = lanes;
    this.#byName = new Map(this.tests.map((laid) => [laid.planned.test, laid]));
  }

  /** The test with this name on the nodes. */
  test(name: string): LaidTest | undefined {
    return this.#byName.get(name);
  }
}
