import type { ViewProps } from '../../app.js';

/** The machine. */
export function Machine(_: ViewProps) {
  return <h1>Machine</h1>;
}
