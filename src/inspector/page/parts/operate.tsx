import { useId, useState } from 'preact/hooks';
import type { Definition } from '../../../gen/web/postern/v1/inspector_pb.js';
import { callError, type Hub } from '../hub.js';
import { Dialog } from './dialog.js';

/** What an operator may do to an actor as it is now. */
export interface Offer {
  /** Type of the event that the actor is told. */
  readonly event: string;
  readonly title: string;
  /** What it will do. */
  readonly effect: string;
  /** It takes something away that does not come back by itself. */
  readonly grave: boolean;
}

/** Which actor; `bornMs`, where it is not 0, says which of its lives. */
export interface OperateTarget {
  readonly machine: string;
  readonly id: string;
  readonly bornMs: number;
}

/** An operation may take so long, in milliseconds. */
const operateMs = 30_000;

/** What the definition says of the operations that an actor takes in a state. */
export function offersOf(definition: Definition, state: string, operations: readonly string[]): Offer[] {
  return operations.flatMap((event) => {
    const marked = definition.edges.filter((edge) => edge.event === event && edge.operation !== undefined);
    const edge = marked.find(({ source }) => `${state}.`.startsWith(`${source}.`)) ?? marked[0];
    if (edge?.operation === undefined) return [];
    const { title, effect, grave } = edge.operation;
    return [{ event, title, effect, grave }];
  });
}

interface OperationsProps {
  readonly hub: Hub;
  readonly target: OperateTarget;
  readonly offers: readonly Offer[];
}

/** A button for each operation. It is done when the reader has confirmed it; what became of it is said beside. */
export function Operations({ hub, target, offers }: OperationsProps) {
  const [asked, setAsked] = useState<Offer>();
  const [outcome, setOutcome] = useState('');
  return (
    <span class="operations">
      {offers.map((offer) => (
        <button
          key={offer.event}
          type="button"
          title={offer.effect}
          class={offer.grave ? 'grave' : ''}
          onClick={() => {
            setOutcome('');
            setAsked(offer);
          }}
        >
          {offer.title}
        </button>
      ))}
      <span role="status">{outcome}</span>
      {asked !== undefined && (
        <Confirm
          hub={hub}
          target={target}
          offer={asked}
          close={(told) => {
            setAsked(undefined);
            setOutcome(told);
          }}
        />
      )}
    </span>
  );
}

interface ConfirmProps {
  readonly hub: Hub;
  readonly target: OperateTarget;
  readonly offer: Offer;
  /** Told what became of it; empty: nothing was done. */
  readonly close: (outcome: string) => void;
}

/** Says what an operation does, and does it. */
function Confirm({ hub, target, offer, close }: ConfirmProps) {
  const [reason, setReason] = useState('');
  const [doing, setDoing] = useState(false);
  const [problem, setProblem] = useState('');
  const field = useId();
  const { machine, id, bornMs } = target;
  const operate = async () => {
    setDoing(true);
    setProblem('');
    try {
      const request = { machine, id, bornMs, event: offer.event, reason };
      const { outcome } = await hub.inspector.operate(request, { timeoutMs: operateMs });
      close(outcome === '' ? 'Done.' : outcome);
    } catch (thrown) {
      setProblem(callError(thrown));
      setDoing(false);
    }
  };
  return (
    <Dialog title={`${offer.title}: ${machine} ${id}`} close={() => close('')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void operate();
        }}
      >
        <p>{offer.effect}</p>
        <label for={field}>Reason, for the activity</label>
        <input
          id={field}
          class="wide"
          maxLength={200}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <p role="alert" class="tone-bad">
          {problem}
        </p>
        <p class="actions">
          <button type="button" onClick={() => close('')}>
            Cancel
          </button>
          <button type="submit" class={offer.grave ? 'grave' : 'primary'} disabled={doing}>
            {doing ? 'Asking…' : offer.title}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
