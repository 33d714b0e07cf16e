import type { ViewProps } from '../../app.js';

/** The sequence. */
export function Sequence(_: ViewProps) {
  return <h1>Sequence</h1>;
}
