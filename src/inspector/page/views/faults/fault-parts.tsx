import { now } from '../../clock.js';
import type { Hub } from '../../hub.js';
import { duration } from '../../parts/format.js';
import { Operations } from '../../parts/operate.js';
import { StateName } from '../../parts/state.js';
import { activeStates, tagsOf } from '../machine/active.js';
import type { Definitions } from '../machine/definitions.js';
import { offersOf } from '../machine/offers.js';
import type { FaultRow } from './fault-row.js';
import { isOpen } from './faults-model.js';

/** The state of a fault, in the tone that its machine gives it. */
export function FaultState({ fault, definitions }: { fault: FaultRow; definitions: Definitions }) {
  const chart = definitions.of(fault).value;
  return (
    <StateName state={fault.state} tags={chart ? tagsOf(chart, activeStates(chart, fault.state)) : []} />
  );
}

/** What may be done to a fault: to heal it, or to take it back. */
export function FaultOperations({
  hub,
  fault,
  definitions,
}: {
  hub: Hub;
  fault: FaultRow;
  definitions: Definitions;
}) {
  const chart = definitions.of(fault).value;
  if (!chart || !isOpen(fault)) return null;
  const offers = offersOf(chart, { state: fault.state, operations: undefined });
  return <Operations hub={hub} target={fault} offers={offers} />;
}

/** When a fault comes, or how long it still acts: as well as this machine's clock goes with the node's. */
export function TimeLeft({ fault }: { fault: FaultRow }) {
  return <>{timeLeft(fault, now.value)}</>;
}

/** `in 12 s`, `8 s left`, `over`; '' for one that has ended. */
export function timeLeft(fault: FaultRow, nowMs: number): string {
  if (!isOpen(fault) || fault.startAtMs === 0) return '';
  const whole = (ms: number): string => duration(Math.ceil(ms / 1_000) * 1_000);
  if (fault.startAtMs > nowMs) return `in ${whole(fault.startAtMs - nowMs)}`;
  return fault.endAtMs > nowMs ? `${whole(fault.endAtMs - nowMs)} left` : 'over';
}

/** The outcome of the proof, with why. */
export function Proof({ fault: { proof, reason } }: { fault: FaultRow }) {
  const tone = { confirmed: 'good', mismatch: 'bad', inconclusive: 'warn' }[proof] ?? 'calm';
  return (
    <span title={reason}>
      {proof !== '' && <span class={`tone-${tone}`}>{proof}</span>}
      {proof !== '' && reason !== '' && ': '}
      {reason === '' && proof === '' ? <span class="none">–</span> : reason}
    </span>
  );
}
