import { useEffect, useState } from 'preact/hooks';
import { callError, type Hub } from '../../hub.js';
import { type CallFacts, factsOfEvent } from './call-facts.js';

/** The activity is read for so long at most, in milliseconds. */
const withinMs = 15_000;

/** What became of looking for a call. */
export type Found =
  | { readonly is: 'looking' }
  | { readonly is: 'found'; readonly call: CallFacts }
  | { readonly is: 'missing'; readonly why: string };

/** A call of the past by its id, from the activity as far as that is kept. `known`: it need not be looked for. */
export function useFoundCall(hub: Hub, id: string, known: CallFacts | undefined): Found {
  const [found, setFound] = useState<Found>({ is: 'looking' });
  useEffect(() => {
    if (known !== undefined || id === '') return;
    setFound({ is: 'looking' });
    const ending = new AbortController();
    lookFor(hub, id, ending.signal).then(
      (call) =>
        setFound(
          call === undefined ? { is: 'missing', why: 'It is not kept any more.' } : { is: 'found', call },
        ),
      (thrown: unknown) => {
        if (!ending.signal.aborted) setFound({ is: 'missing', why: callError(thrown) });
      },
    );
    return () => ending.abort();
  }, [hub, id, known === undefined]);
  return known === undefined ? found : { is: 'found', call: known };
}

async function lookFor(hub: Hub, id: string, signal: AbortSignal): Promise<CallFacts | undefined> {
  let call: CallFacts | undefined;
  const asked = { callId: id, sinceMs: 1n, historyOnly: true };
  // The last that is told of it says the most.
  for await (const event of hub.activity.connect(asked, { signal, timeoutMs: withinMs })) {
    if (event.callId === id) call = factsOfEvent(event) ?? call;
  }
  return call;
}
