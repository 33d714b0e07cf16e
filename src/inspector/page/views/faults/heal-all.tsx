import { useState } from 'preact/hooks';
import { callError, type Hub } from '../../hub.js';
import { Dialog } from '../../parts/dialog.js';
import { count } from '../../parts/format.js';
import type { FaultRow } from './fault-row.js';

/** One that is healed may take so long, in milliseconds. */
const healMs = 30_000;

interface HealAllProps {
  readonly hub: Hub;
  /** Whose they are, for people: `of attic`. */
  readonly of: string;
  readonly faults: readonly FaultRow[];
}

/** A button that ends all of some faults, once the reader has confirmed it. Those that wait will not come. */
export function HealAll({ hub, of, faults }: HealAllProps) {
  const [asked, setAsked] = useState(false);
  const [outcome, setOutcome] = useState('');
  if (faults.length === 0) return <span role="status">{outcome}</span>;
  const title = `heal all ${count(faults.length)} ${of}`;
  return (
    <span class="operations">
      <button
        type="button"
        class="grave"
        title="Faults that act end now; those that wait will not come"
        onClick={() => {
          setOutcome('');
          setAsked(true);
        }}
      >
        {title}
      </button>
      <span role="status">{outcome}</span>
      {asked && (
        <Confirm
          {...{ hub, title, faults }}
          close={(told) => {
            setAsked(false);
            setOutcome(told);
          }}
        />
      )}
    </span>
  );
}

interface ConfirmProps {
  readonly hub: Hub;
  readonly title: string;
  readonly faults: readonly FaultRow[];
  /** Told what became of it; empty: nothing was done. */
  readonly close: (outcome: string) => void;
}

function Confirm({ hub, title, faults, close }: ConfirmProps) {
  const [meant] = useState(faults);
  const [doing, setDoing] = useState(false);
  const heal = async () => {
    setDoing(true);
    const asked = await Promise.allSettled(meant.map((fault) => healOne(hub, fault)));
    const failed = asked.flatMap((one) => (one.status === 'rejected' ? [callError(one.reason)] : []));
    const done = `${count(asked.length - failed.length)} of ${count(asked.length)} are asked to end.`;
    close(failed.length === 0 ? done : `${done} ${failed[0]}`);
  };
  return (
    <Dialog title={`${title}?`} close={() => close('')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void heal();
        }}
      >
        <p>Faults that act are undone now, before their time is over. Those that wait will not come.</p>
        <ul>
          {meant.slice(0, 8).map(({ key, kind, node, state }) => (
            <li key={key}>
              {kind} on {node}: {state}
            </li>
          ))}
          {meant.length > 8 && <li>and {count(meant.length - 8)} more</li>}
        </ul>
        <p class="actions">
          <button type="button" onClick={() => close('')}>
            Let them be
          </button>
          <button type="submit" class="grave" disabled={doing}>
            {doing ? 'Asking…' : 'Heal them'}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

async function healOne(hub: Hub, { machine, id, bornMs }: FaultRow): Promise<void> {
  const request = { machine, id, bornMs, event: 'HEAL_ASKED', reason: 'all of them, from the page' };
  await hub.inspector.operate(request, { timeoutMs: healMs });
}
