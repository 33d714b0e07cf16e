import type { Evidence } from './evidence.js';
import type { FaultsByNode } from './excuses.js';
import { type Finding, troubleRanks } from './finding.js';
import type { Delivery, Layer, Moment, TroubledMessage } from './judgement.js';
import type { OwnEnd } from './layers.js';
import type { LaidTest } from './layout.js';
import { MessageJudge } from './message-judge.js';
import type { Rules } from './rules.js';
import type { Stray } from './strays.js';
import type { Troubled } from './troubled.js';

/** A history tells so many moments. */
const mostMoments = 500;

/** Tells the histories of single messages, from what is known of them. */
export class Histories {
  readonly #evidence: Evidence;
  readonly #judges = new Map<LaidTest, MessageJudge>();
  readonly #judgeOf: (test: LaidTest) => MessageJudge;

  constructor(evidence: Evidence, faults: FaultsByNode, rules: Rules) {
    this.#evidence = evidence;
    this.#judgeOf = (test) => {
      const judge = this.#judges.get(test) ?? new MessageJudge(evidence, test, faults, rules);
      this.#judges.set(test, judge);
      return judge;
    };
  }

  tell(troubled: Troubled): TroubledMessage {
    return 'stray' in troubled ? this.#stray(troubled.stray) : this.#message(troubled.test, troubled.message);
  }

  /** The ways of a message to those who are owed it, or got it. */
  deliveries(test: LaidTest, message: number): Delivery[] {
    const judge = this.#judgeOf(test);
    judge.judge(message);
    const { messages } = this.#evidence;
    const place = messages.lane(message) - test.firstLane;
    const sender = test.members[place] ?? '';
    const sentAtMs = messages.sentAt(message) + this.#offset(sender);
    return judge.findings.flatMap(({ isOwed, hasCome, cameAt }, at) => {
      const receiver = test.members[at];
      if (at === place || receiver === undefined || !(isOwed || hasCome)) return [];
      const what = { test: test.planned.test, sender, seq: messages.seq(message), sentAtMs, receiver };
      return [hasCome ? { ...what, receivedAtMs: cameAt } : what];
    });
  }

  #message(test: LaidTest, message: number): TroubledMessage {
    const judge = this.#judgeOf(test);
    judge.judge(message);
    const { messages } = this.#evidence;
    const place = messages.lane(message) - test.firstLane;
    const troubles = troubleRanks.flatMap((trouble) =>
      test.members.flatMap((receiver, at) => {
        const finding = judge.findings[at];
        return finding?.has(trouble) ? [{ trouble, receiver, ...layerOf(finding) }] : [];
      }),
    );
    return {
      test: test.planned.test,
      sender: test.members[place] ?? '',
      seq: messages.seq(message),
      troubles,
      history: inOrder([...this.#sending(test, message), ...this.#receiving(test, message, judge.own)]),
    };
  }

  #sending(test: LaidTest, message: number): Moment[] {
    const { messages, texts } = this.#evidence;
    const node = test.members[messages.lane(message) - test.firstLane] ?? '';
    const fate = messages.fate(message);
    const detail = texts.text(messages.text(message));
    const times = { due: 'due', intent: 'meantAt', sent: 'sentAt', [fate]: 'endedAt' } as const;
    return Object.entries(times).flatMap(([what, time]): Moment[] => {
      const at = messages.time(message, time);
      if (Number.isNaN(at)) return [];
      const moment = { atMs: at + this.#offset(node), node, what };
      return [what === fate && detail !== undefined ? { ...moment, detail } : moment];
    });
  }

  #receiving(test: LaidTest, message: number, own: OwnEnd): Moment[] {
    const { messages, receipts, texts, witnesses } = this.#evidence;
    const moments: Moment[] = [];
    const lastReading = test.members.map(() => 0);
    for (let at = messages.firstReceipt.at(message); at >= 0; at = receipts.next(at)) {
      const member = receipts.member(at);
      const way = receipts.way(at);
      if (way === 'final') lastReading[member] = receipts.reading(at);
      if (moments.length === mostMoments) continue;
      const node = test.members[member] ?? '';
      const detail = `${texts.text(receipts.id(at)) ?? ''}${this.#damage(message, at)}`;
      moments.push({ atMs: receipts.at(at) + this.#offset(node), node, what: way, detail });
    }
    const sender = messages.lane(message) - test.firstLane;
    for (const [member, node] of test.members.entries()) {
      // Of what a sender hears of itself, only the end is told.
      if (member === sender && own !== 'gone') continue;
      const reading = witnesses[test.firstLane + member]?.reading;
      if (reading === undefined || (lastReading[member] ?? 0) >= reading.number) continue;
      moments.push({ atMs: reading.endedAt + this.#offset(node), node, what: 'absent' });
    }
    return moments;
  }

  /** Says so where a receipt does not hold what was sent. */
  #damage(message: number, receipt: number): string {
    const { messages, receipts } = this.#evidence;
    return messages.isMeant(message) && !receipts.isRight(receipt) ? ', with other content' : '';
  }

  #stray({ test, sender, seq, receivers, receipts }: Stray): TroubledMessage {
    return {
      test: test.planned.test,
      sender,
      seq,
      troubles: [...receivers].map((receiver) => ({ trouble: 'unexpected', receiver })),
      history: inOrder(
        receipts.map(({ node, at, how, id }) => ({
          atMs: at + this.#offset(node),
          node,
          what: how,
          detail: id,
        })),
      ),
    };
  }

  #offset(node: string): number {
    return this.#evidence.clocks.offset(node);
  }
}

/** Where it stayed on its way; nothing where it arrived. */
function layerOf({ layer }: Finding): { readonly layer?: Layer } {
  return layer === 'arrived' ? {} : { layer };
}

function inOrder(moments: readonly Moment[]): readonly Moment[] {
  return [...moments].sort((one, other) => one.atMs - other.atMs);
}
