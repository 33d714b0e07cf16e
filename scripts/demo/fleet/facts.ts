/** What the report of the parted fleet must say; each function throws, or puts it in words. */
import type { Delivery, FaultJudgement, Judgement } from '../../../src/controller/judging/judgement.js';
import { cutOff } from './scenarios.js';

/** How far the clocks of two nodes may be apart where it must not matter, milliseconds. */
const slackMs = 500;

/** Owed and delivered, each exactly once. `lost`: so many are lost, and nothing else is wrong. */
export function accountOf({ totals }: Pick<Judgement, 'totals'>, lost = 0): string {
  const { expected, delivered, duplicated } = totals;
  const troubles = ['vanished', 'corrupt', 'unexpected', 'unknown', 'duplicated'] as const;
  const wrong = troubles.filter((trouble) => totals[trouble] !== 0);
  if (wrong.length > 0) throw new Error(wrong.map((trouble) => `${trouble}: ${totals[trouble]}`).join(', '));
  if (totals.lost !== lost) throw new Error(`${totals.lost} are lost, not ${lost}`);
  if (expected === 0 || expected !== delivered + lost) {
    throw new Error(`${expected} were owed, and ${delivered} were delivered`);
  }
  return `owed ${expected}, delivered ${delivered}, lost ${totals.lost}, twice ${duplicated}`;
}

/** That all faults did as planned. */
export function faultsOf({ faults }: Pick<Judgement, 'faults'>, kinds: readonly string[]): string {
  const found = faults.map(({ node, kind, proof }) => `${kind} on ${node}: ${proof}`).sort();
  const wanted = cutOff.flatMap((node) => kinds.map((kind) => `${kind} on ${node}: confirmed`)).sort();
  if (found.join() !== wanted.join()) throw new Error(`the faults are: ${found.join(', ')}`);
  return `${faults.length} faults, all confirmed, by ${[...new Set(faults.map(({ by }) => by))].join(', ')}`;
}

/** That the hub lost sight of those that were cut off, and of nobody else. */
export function sightsOf({ intervals }: Pick<Judgement, 'intervals'>): string {
  const blind = new Map<string, number>();
  for (const { node, what, fromMs, toMs } of intervals) {
    if (what !== 'hub') throw new Error(`the daemon of ${node} was away`);
    if (toMs === undefined) throw new Error(`${node} did not come back`);
    blind.set(node, (blind.get(node) ?? 0) + toMs - fromMs);
  }
  const nodes = [...blind.keys()].sort().join();
  if (nodes !== cutOff.join()) throw new Error(`out of sight were: ${nodes || 'none'}`);
  return [...blind].map(([node, ms]) => `${node} for ${seconds(ms)}`).join(', ');
}

/** That those that were cut off went on, that nothing of it passed the cut where there was one, and that all came after it. */
export function catchUpOf(
  judgement: Pick<Judgement, 'deliveries' | 'faults'>,
  { parted }: { readonly parted: boolean },
): string[] {
  const cuts = new Map(cutOff.map((node) => [node as string, cutOf(judgement.faults, node)]));
  const sent = new Set<string>();
  let caughtUp = 0;
  for (const delivery of judgement.deliveries) {
    const own = cuts.get(delivery.sender);
    if (own !== undefined && during(delivery, own)) sent.add(`${delivery.sender} ${delivery.seq}`);
    const cut = own !== undefined && during(delivery, own) ? own : cuts.get(delivery.receiver);
    if (cut === undefined || !during(delivery, cut)) continue;
    const cameMs = (delivery.receivedAtMs ?? Number.NaN) - cut.toMs;
    if (cameMs >= -slackMs) caughtUp += 1;
    else if (parted) {
      const { sender, seq, receiver } = delivery;
      throw new Error(`message ${seq} of ${sender} reached ${receiver} ${seconds(-cameMs)} before the heal`);
    }
  }
  if (sent.size === 0) throw new Error(`${cutOff.join(' and ')} sent nothing while they were cut off`);
  if (!parted) return [`cut from the hub, they sent ${sent.size} messages`];
  if (caughtUp === 0) throw new Error('nothing came after the heal');
  const converged = judgement.faults.map(({ convergenceMs }) => convergenceMs ?? Number.NaN);
  if (converged.some(Number.isNaN))
    throw new Error('the report does not tell of convergence after each heal');
  return [
    `cut off, they sent ${sent.size} messages, and none of it passed`,
    `after the heal ${caughtUp} deliveries were made up for; all was there after ${seconds(Math.max(...converged))}`,
  ];
}

interface Cut {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When all faults of a node acted, at least. A heal is done before it is told, so its end is that of the plan. */
function cutOf(faults: readonly FaultJudgement[], node: string): Cut {
  const own = faults.filter((fault) => fault.node === node);
  const from = own.map(({ injectedAtMs }) => injectedAtMs ?? Number.NaN);
  return { fromMs: Math.max(...from), toMs: Math.min(...own.map(({ plannedToMs }) => plannedToMs)) };
}

const during = ({ sentAtMs }: Delivery, { fromMs, toMs }: Cut): boolean =>
  sentAtMs > fromMs + slackMs && sentAtMs < toMs - slackMs;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
