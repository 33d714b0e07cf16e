import type { ViewProps } from '../../app.js';
import { place } from '../../place.js';
import { RunList } from './run-list.js';
import { RunView } from './run-view.js';

/** All runs, or the one that the place names. */
export function Runs({ hub }: ViewProps) {
  const [, run] = place.value.parts;
  return run === undefined ? <RunList hub={hub} /> : <RunView key={run} hub={hub} run={run} />;
}
