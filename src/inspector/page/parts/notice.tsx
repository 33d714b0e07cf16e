import type { ComponentChildren } from 'preact';
import type { StreamState } from '../streams.js';

/** A word where there is nothing to show, or something went wrong. */
export function Notice({ bad = false, children }: { bad?: boolean; children: ComponentChildren }) {
  return (
    <p class={bad ? 'notice bad' : 'notice'} role={bad ? 'alert' : undefined}>
      {children}
    </p>
  );
}

/** Why a stream was stopped for good; nothing where it was not. */
export function StreamNotice({ of, state }: { of: string; state: StreamState }) {
  if (state.is !== 'stopped') return null;
  return (
    <Notice bad>
      {of}: {state.why}
    </Notice>
  );
}
