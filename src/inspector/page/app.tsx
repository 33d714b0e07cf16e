import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Header } from './header.js';
import type { Hub } from './hub.js';
import { KeysHelp } from './keys-help.js';
import { LogIn } from './log-in.js';
import { navigation } from './navigation.js';
import { place } from './place.js';
import { session } from './session.js';
import { Calls } from './views/calls/calls.js';
import { Faults } from './views/faults/faults.js';
import { Fleet } from './views/fleet/fleet.js';
import { Machine } from './views/machine/machine.js';
import { FileBanner, ServedFile } from './views/runs/file/open-file.js';
import { isServedFile, openedFile } from './views/runs/file/opened.js';
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
  faults: Faults,
  calls: Calls,
};

/** The page. */
export function App() {
  const hub = session.value;
  const { parts } = place.value;
  const [name = 'fleet'] = parts;
  const View = views[name];
  const title = hub === undefined ? 'Log in' : parts.length === 0 ? 'fleet' : parts.join(' ');
  useEffect(() => {
    document.title = `${title} · Postern`;
  }, [title]);
  if (hub === undefined) return isServedFile ? <ServedFile /> : <LogIn />;
  return (
    <>
      <a class="skip" href="#view">
        Skip to the content
      </a>
      <Header view={name} />
      <FileBanner />
      <main id="view" class={`view view-${name}`} tabIndex={-1}>
        {View === undefined ? <NoView /> : hasNothing(name) ? <NotInFile /> : <View key={name} hub={hub} />}
      </main>
      <KeysHelp />
    </>
  );
}

/** The view is one of what a hub knows, and a file is shown. */
function hasNothing(view: string): boolean {
  return openedFile.value !== undefined && navigation.some((one) => one.view === view && !one.inFile);
}

function NotInFile() {
  return (
    <p class="notice">
      The file of a run has the run, its machines and their sequence. Begin with the{' '}
      <a href="/inspect/runs">run</a>.
    </p>
  );
}

function NoView() {
  return (
    <p class="notice">
      There is nothing at this address. The <a href="/inspect/fleet">fleet</a> is a good place to begin.
    </p>
  );
}
