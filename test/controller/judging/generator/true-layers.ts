import { linesAbout } from './plants.js';
import { membersOf, type Sheet, sheetOf, type TrueSend, type World } from './world.js';

/** How many messages of each sender came so far towards each receiver, by `test sender receiver`. */
export type TrueLayers = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How a message ended at a receiver: it is there, it surely is not, or nobody read all that is there. */
type End = 'arrived' | 'uncollected' | 'missing' | 'unread';

/**
 * Tells by what was planted how far each message came, in a run of which all records are there, though some readings may not
 * have come to their end: as docs/checking.md words it.
 */
export function trueLayers(world: World, troubles: readonly string[]): TrueLayers {
  const layers: Record<string, Record<string, number>> = {};
  for (const send of world.sends) {
    const { test, sender } = send;
    if (test.workload.type === 'call') continue;
    const receivers = membersOf(world.plan, test).filter((node) => node !== sender);
    const ends = receivers.map((receiver) => endOf(world, troubles, send, receiver));
    for (const [at, receiver] of receivers.entries()) {
      const layer = layerOf(world, send, ends[at] ?? 'missing', ends);
      const key = `${test.test} ${sender} ${receiver}`;
      const counts = layers[key] ?? {};
      counts[layer] = (counts[layer] ?? 0) + 1;
      layers[key] = counts;
    }
  }
  return layers;
}

function layerOf(world: World, send: TrueSend, end: End, ends: readonly End[]): string {
  const { fate, wasOffered } = send;
  if (fate === 'skipped') return 'notSent';
  if (end === 'arrived' || end === 'uncollected') return end;
  if (fate === 'fail') return wasOffered ? 'refused' : 'notSent';
  if (end === 'unread') return 'unclear';
  if (ends.includes('arrived') || ends.includes('uncollected')) return 'undelivered';
  if (ends.includes('unread')) return 'unclear';
  const own = sheetOf(world, send.test, send.sender);
  if (own.damage?.kind === 'unread') return fate === 'ok' ? 'presumed' : 'unclear';
  if (isListed(own, send)) return 'unsent';
  // Of what a restart cut off nobody knows whether the daemon was given it.
  return fate === 'unknown' ? 'unclear' : 'unkept';
}

/** Whether the sender's own daemon lists it in the end. */
function isListed(own: Sheet, { sender, seq, hash }: TrueSend): boolean {
  return own.lines.some(
    ({ about, record }) =>
      about?.sender === sender &&
      about.seq === seq &&
      record.k === 'receipt' &&
      about.way === 'final' &&
      record.hash === hash,
  );
}

function endOf(world: World, troubles: readonly string[], send: TrueSend, receiver: string): End {
  const { test, sender, seq, fate, hash } = send;
  const sheet = sheetOf(world, test, receiver);
  const right = linesAbout(sheet, send).filter(
    ({ record }) => record.k === 'receipt' && record.hash === hash && fate !== 'skipped',
  );
  if (troubles.includes(`vanished ${test.test} ${sender}#${seq} ${receiver}`)) return 'missing';
  if (right.some(({ about: line }) => line?.way !== 'final')) return 'arrived';
  if (right.length > 0) return 'uncollected';
  return sheet.damage?.kind === 'unread' ? 'unread' : 'missing';
}
