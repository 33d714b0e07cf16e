import type { ComponentType } from 'preact';
import type { Hub } from './hub.js';
import { LogIn } from './log-in.js';
import { place } from './place.js';
import { session } from './session.js';
import { Calls } from './views/calls/calls.js';
import { Fleet } from './views/fleet/fleet.js';
import { Machine } from './views/machine/machine.js';
import { Runs } from './views/runs/runs.js';
import { Sequence } from './views/sequence/sequence.js';

/** What every view is given; where it is, and how it shows things, it reads from `place`. */
export interface ViewProps {
  readonly hub: Hub;
}

/** The views, by the first part of the place. */
const views: Readonly<Record<string, ComponentType<ViewProps>>> = {
  fleet: Fleet,
  machine: Machine,
  sequence: Sequence,
  runs: Runs,
  calls: Calls,
};

/** The page. */
export function App() {
  const hub = session.value;
  if (hub === undefined) return <LogIn />;
  const View = views[place.value.parts[0] ?? 'fleet'] ?? Fleet;
  return (
    <main>
      <View hub={hub} />
    </main>
  );
}
