import type { ViewProps } from '../../app.js';

/** The runs. */
export function Runs(_: ViewProps) {
  return <h1>Runs</h1>;
}
