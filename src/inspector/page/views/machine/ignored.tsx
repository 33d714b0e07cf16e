import { count } from '../../parts/format.js';
import type { Counts } from './model.js';

/** Events that came when the state did not take them. */
export function Ignored({ counts }: { readonly counts: Counts }) {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return null;
  return (
    <section class="ignored" aria-label="Ignored events">
      <h3>Ignored events</h3>
      <ul>
        {entries.map(([type, times]) => (
          <li key={type}>
            {type} <b>{count(times)}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}
