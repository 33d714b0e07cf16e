import { useEffect, useState } from 'preact/hooks';
import { callError } from '../../hub.js';
import { paused } from '../../settings.js';

/** An answer that is asked for again and again. */
export interface Polled<T> {
  /** The last one; undefined: there is none yet. */
  readonly value: T | undefined;
  /** Why there is no newer one, for people; '' where there is. */
  readonly problem: string;
}

/** Asks as long as the component is there, but not while the page is hidden or paused. */
export function usePolled<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  about: unknown,
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: undefined, problem: '' });
  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asked = false;
    const look = async (): Promise<void> => {
      if (!asked || !(document.hidden || paused.value)) {
        try {
          const value = await ask(over.signal);
          asked = true;
          if (!over.signal.aborted) setPolled({ value, problem: '' });
        } catch (thrown) {
          if (!over.signal.aborted) setPolled(({ value }) => ({ value, problem: callError(thrown) }));
        }
      }
      if (!over.signal.aborted) timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [about]);
  return polled;
}
