import { now } from './clock.js';
import { connection, type StreamState } from './streams.js';

/** How the hub is heard: said in words, and to those who do not see it where it changes. */
export function ConnectionState() {
  const state = connection.value;
  const [word, more] = said(state);
  return (
    <span class={`connection is-${state?.is ?? 'idle'}`} title={title(state)}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{word}</span>
      {more !== '' && <span> {more}</span>}
    </span>
  );
}

/** The first does not change by the second: it is read aloud. */
function said(state: StreamState | undefined): readonly [word: string, more: string] {
  switch (state?.is) {
    case undefined:
      return ['', ''];
    case 'opening':
      return ['connecting', ''];
    case 'live':
      return ['live', ''];
    case 'paused':
      return ['paused', ''];
    case 'waiting':
      return ['reconnecting', `in ${Math.max(0, Math.ceil((state.untilMs - now.value) / 1_000))} s`];
    case 'stopped':
      return ['stopped:', state.why];
  }
}

function title(state: StreamState | undefined): string {
  return state !== undefined && 'why' in state ? state.why : '';
}
