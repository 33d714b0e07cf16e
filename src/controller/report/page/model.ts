import type {
  Delivery,
  Judgement,
  TestJudgement,
  Trouble,
  TroubledMessage,
} from '../../judging/judgement.js';

/** What of the run the reader looks at. */
export interface Selection {
  /** The test that matrix and plot show. */
  readonly test: string;
  /** One sender towards one receiver in it. */
  readonly pair?: { readonly sender: string; readonly receiver?: string } | undefined;
  /** Key of a troubled message. */
  readonly message?: string | undefined;
}

/** A judgement with what the page looks up in it, and what the reader has chosen. */
export class Model {
  readonly judgement: Judgement;
  readonly messages: ReadonlyMap<string, TroubledMessage>;
  readonly #tests: ReadonlyMap<string, TestJudgement>;
  readonly #watchers: ((now: Selection, before: Selection) => void)[] = [];
  #now: Selection;

  constructor(judgement: Judgement) {
    this.judgement = judgement;
    this.messages = new Map(judgement.messages.map((message) => [keyOf(message), message]));
    this.#tests = new Map(judgement.tests.map((test) => [test.test, test]));
    this.#now = { test: firstTest(judgement)?.test ?? '' };
  }

  get now(): Selection {
    return this.#now;
  }

  /** Takes another selection; what stays the same need not be said. */
  choose(next: Partial<Selection>): void {
    const before = this.#now;
    this.#now = { ...before, ...next };
    for (const watcher of this.#watchers) watcher(this.#now, before);
  }

  /** Tells of each other selection. */
  watch(watcher: (now: Selection, before: Selection) => void): void {
    this.#watchers.push(watcher);
  }

  test(name: string): TestJudgement | undefined {
    return this.#tests.get(name);
  }

  /** T0 of a test's phase; the beginning of the run where the phase was never armed. */
  t0(test: TestJudgement): number {
    return this.judgement.facts.t0[test.phase] ?? this.judgement.facts.startedAtMs;
  }

  /** Troubles that a message has at a receiver, or anywhere at all where the receiver does not count. */
  troublesOf(delivery: Pick<Delivery, 'test' | 'sender' | 'seq' | 'receiver'>): readonly Trouble[] {
    const message = this.messages.get(keyOf(delivery));
    if (message === undefined) return [];
    return message.troubles
      .filter(({ receiver }) => receiver === undefined || receiver === delivery.receiver)
      .map(({ trouble }) => trouble);
  }
}

/** The name of a message in links: `test/sender/seq`, each part as it stands in an address. */
export function keyOf(message: {
  readonly test: string;
  readonly sender: string;
  readonly seq: number;
}): string {
  return [message.test, message.sender, String(message.seq)].map(encodeURIComponent).join('/');
}

/** The address of a message within the page. */
export function hashOf(key: string): string {
  return `#message=${key}`;
}

/** The message that an address names; undefined where it names none. */
export function keyInHash(hash: string): string | undefined {
  return /^#message=(.+)$/.exec(hash)?.[1];
}

/** What a reader wants to see first: a failed test of the main phase, else an unknown one, else any. */
function firstTest(judgement: Judgement): TestJudgement | undefined {
  const main = judgement.tests.filter(({ phase }) => phase === 'main');
  return (
    main.find(({ verdict }) => verdict === 'fail') ??
    main.find(({ verdict }) => verdict === 'unknown') ??
    main[0] ??
    judgement.tests[0]
  );
}
