import { linesAbout } from './plants.js';
import { membersOf, sheetOf, type TrueSend, type World } from './world.js';

/** How many messages of each sender came so far towards each receiver, by `test sender receiver`. */
export type TrueLayers = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Tells by what was planted how far each message came, in a run of which all records are whole. */
export function trueLayers(world: World, troubles: readonly string[]): TrueLayers {
  const layers: Record<string, Record<string, number>> = {};
  for (const send of world.sends) {
    const { test, sender } = send;
    if (test.workload.type === 'call') continue;
    const receivers = membersOf(world.plan, test).filter((node) => node !== sender);
    const ends = receivers.map((receiver) => endOf(world, troubles, send, receiver));
    for (const [at, receiver] of receivers.entries()) {
      const end = ends[at] ?? '';
      const isElsewhere = ends.some((one) => one === 'arrived' || one === 'uncollected');
      const layer = end !== 'gone' ? end : isElsewhere ? 'undelivered' : 'unsent';
      const key = `${test.test} ${sender} ${receiver}`;
      const counts = layers[key] ?? {};
      counts[layer] = (counts[layer] ?? 0) + 1;
      layers[key] = counts;
    }
  }
  return layers;
}

/** How a message ended at a receiver, whatever others have of it; `gone`: it should be there and is not. */
function endOf(world: World, troubles: readonly string[], send: TrueSend, receiver: string): string {
  const { test, sender, seq, fate, hash } = send;
  if (fate === 'skipped') return 'notSent';
  const about = `${test.test} ${sender}#${seq} ${receiver}`;
  if (troubles.includes(`lost ${about}`) || troubles.includes(`vanished ${about}`)) return 'gone';
  const right = linesAbout(sheetOf(world, test, receiver), send).filter(
    ({ record }) => record.k === 'receipt' && record.hash === hash,
  );
  if (right.some(({ about: line }) => line?.way !== 'final')) return 'arrived';
  if (right.length > 0) return 'uncollected';
  return fate === 'fail' ? 'refused' : 'unclear';
}
