import type { ViewProps } from '../../app.js';

/** The calls. */
export function Calls(_: ViewProps) {
  return <h1>Calls</h1>;
}
