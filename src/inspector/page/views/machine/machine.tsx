import type { ViewProps } from '../../app.js';
import { go, href, place } from '../../place.js';
import { Charts } from './charts.js';
import { actorOfKey } from './model.js';
import { Picker } from './picker.js';
import { shownAt } from './shown.js';

/** Any actor's statechart, live, alone or beside others; without one, the list to choose from. */
export function Machine({ hub }: ViewProps) {
  const { parts, query } = place.value;
  const keys = shownAt(parts, query);
  if (keys.length > 0) return <Charts hub={hub} keys={keys} />;
  const choose = (key: string) => {
    const actor = actorOfKey(key);
    if (actor !== undefined) go(href(['machine', actor.machine, actor.id]));
  };
  return (
    <>
      <h1>Machines</h1>
      <Picker hub={hub} choose={choose} shown={[]} />
    </>
  );
}
