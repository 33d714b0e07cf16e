import { useState } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { callError } from '../../hub.js';
import { Dialog } from '../../parts/dialog.js';

interface StopRunProps extends ViewProps {
  readonly run: string;
  readonly close: () => void;
}

/** Asks whether a run shall end before its time, and why. */
export function StopRun({ hub, run, close }: StopRunProps) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const [asked, setAsked] = useState(false);
  const stop = async () => {
    setAsked(true);
    try {
      await hub.runs.stopRun({ run, reason: reason === '' ? 'by hand, from the page' : reason });
      close();
    } catch (thrown) {
      setProblem(callError(thrown));
      setAsked(false);
    }
  };
  return (
    <Dialog title={`End ${run} before its time?`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void stop();
        }}
      >
        <p>
          Nodes stop sending and faults are healed; then what there is is judged. It cannot be begun again.
        </p>
        <label>
          Why{' '}
          <input
            value={reason}
            maxLength={400}
            onInput={(event) => setReason(event.currentTarget.value)}
            placeholder="for whoever reads the results"
          />
        </label>
        {problem !== '' && <p role="alert">{problem}</p>}
        <p class="actions">
          <button type="button" onClick={close}>
            Let it go on
          </button>
          <button type="submit" class="grave" disabled={asked}>
            End it
          </button>
        </p>
      </form>
    </Dialog>
  );
}
