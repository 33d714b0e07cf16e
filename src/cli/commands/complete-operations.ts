import { printLive } from '../completion/live.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { readActor } from '../operate/actor-word.js';
import { offeredBy } from '../operate/offered.js';
import { withHub } from '../with-hub.js';

/** What can be done to an actor, for a shell's completion: titles of several words are joined by dashes. */
export function run(invocation: Invocation): Promise<number> {
  const word = requiredWord(invocation, 0);
  return printLive(invocation, ['operations', word], () =>
    withHub(invocation, async (connection) => {
      const { offers } = await offeredBy(connection, readActor(word));
      return offers.map(({ title }) => title.replaceAll(' ', '-'));
    }),
  );
}
