import { printLive } from '../completion/live.js';
import type { Invocation } from '../invocation.js';
import { knownServices, withLookup } from '../service-commands/lookup.js';
import { methodWord, serviceWord } from '../service-commands/names.js';
import { serviceAnywhere, servicesEverywhere } from '../service-commands/places.js';

/** The words of services, or of the methods of one, for a shell's completion: nothing when they cannot be had at once. */
export function run(invocation: Invocation): Promise<number> {
  const [word] = invocation.words;
  return printLive(invocation, ['services', word ?? ''], (deadlineMs) =>
    withLookup(invocation, deadlineMs, async (lookup) => {
      if (word !== undefined) {
        const { service } = await serviceAnywhere(lookup, word, undefined);
        return service.methods.map(methodWord);
      }
      const all = await servicesEverywhere(lookup, deadlineMs - Date.now() - spareMs);
      const known = all.size > 1 ? await knownServices() : [];
      return [...new Set([...all.values(), known].flat().map(serviceWord))].toSorted();
    }),
  );
}

/** A node that is late may not cost what the others have told, in milliseconds. */
const spareMs = 300;
