import type { ViewProps } from '../../app.js';

/** The fleet. */
export function Fleet(_: ViewProps) {
  return <h1>Fleet</h1>;
}
