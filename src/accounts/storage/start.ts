import { stores } from '../../bus/subjects.js';
import type { AccountPart, PartContext } from '../part.js';
import type { People } from '../people.js';
import type { PersonalData } from '../personal-data.js';
import { answerStorage } from './answers.js';
import { Erasures } from './erasures.js';
import { storageFace } from './face.js';
import { Profiles } from './profiles.js';

/**
 * Starts the storage of profiles, with all that is about people as such: telling them what is kept, and removing it.
 * @param others what other account services keep about people; what lets somebody in goes first
 */
export async function startStorage(
  context: PartContext,
  people: People,
  others: readonly PersonalData[],
): Promise<AccountPart> {
  const { bus, config, answer, translate, now, log } = context;
  const store = await bus.store(stores.accountProfiles);
  const profiles = new Profiles({ store, people, most: config.storage.most, now });
  const parts = [...others, profiles];
  const begun = await bus.store(stores.accountErasures);
  const erasures = new Erasures({ store: begun, people, parts, now, log });
  answerStorage(answer, { profiles, erasures, parts, people, now, log });
  erasures.watch();
  return { services: storageFace(translate), stop: () => erasures.stop() };
}
