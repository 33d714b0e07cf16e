import type { Random } from '../../../system/chaos/random.js';
import { lateAfterMs } from './make-plan.js';
import { type About, type Line, membersOf, type Sheet, sha256, type TrueSend, type World } from './world.js';

/** What was planted: `trouble test sender#seq receiver`. */
export type Planted = string;

/** Plants faults in a run, after the fact, and knows what they are. No two in one message. */
export class Planter {
  readonly planted: Planted[] = [];
  /** By how many numbers the worst one was put behind. */
  displacement = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #touched = new Set<string>();
  readonly #planted = new Set<string>();
  readonly #swapped = new Set<string>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Whether a message is as it was. */
  isUntouched({ test, sender, seq }: TrueSend): boolean {
    return !this.#touched.has(`${test.test} ${sender}#${seq}`);
  }

  /** Whether something was planted in how a message came to a receiver. */
  isPlanted({ test, sender, seq }: TrueSend, receiver: string): boolean {
    return this.#planted.has(`${test.test} ${sender}#${seq} ${receiver}`);
  }

  /** A message that is accepted, came once as it happened or was listed, and what its receiver wrote of it. */
  draw(fits: (send: TrueSend, sheet: Sheet, lines: readonly Line[]) => boolean): Drawn | undefined {
    const random = this.#random;
    for (let attempt = 0; attempt < 30; attempt++) {
      const send = random.pick(this.#world.sends);
      const others = membersOf(this.#world.plan, send.test).filter((node) => node !== send.sender);
      if (send.test.workload.type === 'call' || others.length === 0 || !this.isUntouched(send)) continue;
      const receiver = random.pick(others);
      const sheet = this.#sheet(send, receiver);
      const from = this.#sheet(send, send.sender);
      if (sheet?.damage !== undefined || from?.damage !== undefined || sheet === undefined) continue;
      const lines = linesAbout(sheet, send);
      if (fits(send, sheet, lines)) return { send, sheet, lines, receiver };
    }
    return undefined;
  }

  /** Remembers what was planted. */
  note(trouble: string, { send, receiver }: Pick<Drawn, 'send' | 'receiver'>, ...more: string[]): void {
    const key = `${send.test.test} ${send.sender}#${send.seq}`;
    this.#touched.add(key);
    this.#planted.add(`${key} ${receiver}`);
    for (const one of [trouble, ...more]) this.planted.push(`${one} ${key} ${receiver}`);
  }

  touch({ test, sender, seq }: TrueSend): void {
    this.#touched.add(`${test.test} ${sender}#${seq}`);
  }

  /** True once for a sender in a sheet. */
  maySwap(sheet: Sheet, sender: string): boolean {
    const key = `${sheet.journal} ${sender}`;
    return this.#swapped.size < this.#swapped.add(key).size;
  }

  get random(): Random {
    return this.#random;
  }

  get world(): World {
    return this.#world;
  }

  #sheet(send: TrueSend, node: string): Sheet | undefined {
    return this.#world.sheets.find((sheet) => sheet.test === send.test && sheet.node === node);
  }
}

interface Drawn {
  readonly send: TrueSend;
  readonly sheet: Sheet;
  readonly lines: readonly Line[];
  readonly receiver: string;
}

/** What a receiver wrote of a message. */
export function linesAbout(sheet: Sheet, { sender, seq }: TrueSend): Line[] {
  return sheet.lines.filter(
    ({ about }) => about?.sender === sender && about.seq === seq && sheet.node !== sender,
  );
}

export const isOnce = (lines: readonly Line[]): boolean => before(lines).length === 1;
const before = (lines: readonly Line[]): Line[] => lines.filter(({ about }) => about?.way !== 'final');
export const isLiveOnce = (lines: readonly Line[]): boolean =>
  isOnce(lines) && before(lines)[0]?.about?.way === 'live';

/** Takes lines out of what a node wrote. */
export function remove(sheet: Sheet, gone: readonly Line[]): void {
  sheet.lines = sheet.lines.filter((line) => !gone.includes(line));
}

/** A copy of a receipt, in another place or with another content. */
function copied(line: Line, change: { at?: number; id?: string; hash?: string; seq?: number }): Line {
  if (line.record.k !== 'receipt') throw new Error('only receipts are copied');
  const about: Partial<About> = change.seq === undefined ? {} : { seq: change.seq };
  const copy = { ...line, record: { ...line.record, ...change } };
  return line.about === undefined ? copy : { ...copy, about: { ...line.about, ...about } };
}

/** Puts a line right behind another, at its time. */
function insertBehind(sheet: Sheet, place: Line, line: Line): void {
  sheet.lines.splice(sheet.lines.indexOf(place) + 1, 0, line);
}

/** Lines behind this one that belong to the same subscription and were written before the last reading. */
function laterInSubscription(sheet: Sheet, line: Line): Line[] {
  const later = sheet.lines.slice(sheet.lines.indexOf(line) + 1);
  const end = later.findIndex(
    ({ record }) =>
      record.k === 'boot' ||
      record.k === 'note' ||
      (record.k === 'receipt' && line.record.k === 'receipt' && record.sub !== line.record.sub),
  );
  return end < 0 ? later : later.slice(0, end);
}

/** The numbers of what had come live from the sender of a message up to a line, each when it came for the first time. */
function aheadOf(world: World, sheet: Sheet, place: Line, { test, sender }: TrueSend): number[] {
  const come = sheet.lines.slice(0, sheet.lines.indexOf(place) + 1).filter(({ about, record }) => {
    const send = world.sends.find(
      (one) => one.test === test && one.sender === sender && one.seq === about?.seq,
    );
    return about?.sender === sender && record.k === 'receipt' && record.hash === send?.hash;
  });
  const seqs = come.map(({ about }) => about?.seq ?? 0);
  return seqs.filter((seq, at) => seqs.indexOf(seq) === at && come[at]?.about?.way === 'live');
}

export const kinds = {
  lost: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isOnce(lines));
    if (drawn === undefined) return;
    remove(drawn.sheet, drawn.lines);
    planter.note('lost', drawn);
  },

  vanished: (planter: Planter): void => {
    const drawn = planter.draw((send, _, lines) => send.exists && send.fate === 'ok' && isOnce(lines));
    if (drawn === undefined) return;
    remove(
      drawn.sheet,
      drawn.lines.filter(({ about }) => about?.way === 'final'),
    );
    planter.note('vanished', drawn);
  },

  doubled: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isLiveOnce(lines));
    const line = drawn?.lines.find(({ about }) => about?.way === 'live');
    if (drawn === undefined || line === undefined) return;
    const place = planter.random.pick([line, ...laterInSubscription(drawn.sheet, line)]);
    insertBehind(drawn.sheet, place, copied(line, { at: place.record.at }));
    planter.note('duplicated', drawn);
  },

  resent: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isOnce(lines));
    if (drawn === undefined) return;
    for (const line of drawn.lines) {
      insertBehind(drawn.sheet, line, copied(line, { id: `again-${drawn.send.event}` }));
    }
    planter.note('duplicated', drawn);
  },

  /** All that came of it is damaged: so it is also lost. */
  corrupt: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isOnce(lines));
    if (drawn === undefined) return;
    const hash = sha256(`other ${planter.random.below(1_000)}`);
    for (const line of drawn.lines) Object.assign(line, copied(line, { hash }));
    planter.note('corrupt', drawn, 'lost');
  },

  /** It came whole, and once more with another content. */
  partlyCorrupt: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isOnce(lines));
    const line = drawn === undefined ? undefined : planter.random.pick(drawn.lines);
    if (drawn === undefined || line === undefined) return;
    insertBehind(drawn.sheet, line, copied(line, { hash: sha256('other'), id: 'other' }));
    planter.note('corrupt', drawn);
  },

  /** A message comes that its sender never tried to send. */
  unexpected: (planter: Planter): void => {
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'skipped' && lines.length === 0);
    const like = drawn?.sheet.lines.find(({ record }) => record.k === 'receipt');
    if (drawn === undefined || like?.about === undefined || like.record.k !== 'receipt') return;
    const { send, sheet } = drawn;
    const record = { ...like.record, id: 'never', from: send.sender, seq: send.seq };
    insertBehind(sheet, like, {
      record,
      about: { sender: send.sender, seq: send.seq, way: like.about.way },
    });
    planter.note('unexpected', drawn);
  },

  /** A message comes whose number no message has, or from a stranger, or without a name. */
  stray: (planter: Planter): void => {
    const drawn = planter.draw((_, __, lines) => isOnce(lines));
    const line = drawn?.lines[0];
    if (drawn === undefined || line?.record.k !== 'receipt') return;
    const { sheet, send, receiver } = drawn;
    const number = planter.planted.length;
    const seq = send.test.amount + 1 + number;
    const at = { at: line.record.at, k: line.record.k, id: `stray-${number}`, how: line.record.how };
    const { sub } = line.record;
    const { test, sender } = send;
    const [record, name] = planter.random.pick([
      [{ ...line.record, id: at.id, seq }, `${sender}#${seq}`],
      [{ ...line.record, id: at.id, from: 'stranger', seq }, `stranger#${seq}`],
      [{ ...at, sub, hash: sha256('what'), size: 4 }, '?#0'],
    ]);
    insertBehind(sheet, line, { record });
    planter.planted.push(`unexpected ${test.test} ${name} ${receiver}`);
  },

  reordered: (planter: Planter): void => {
    const { world } = planter;
    const drawn = planter.draw((_, __, lines) => isLiveOnce(lines));
    const line = drawn?.lines.find(({ about }) => about?.way === 'live');
    if (drawn === undefined || line === undefined) return;
    const { sheet, send } = drawn;
    const later = sheet.lines.slice(sheet.lines.indexOf(line) + 1).filter(({ about, record }) => {
      const other = world.sends.find(
        (one) => one.test === send.test && one.sender === send.sender && one.seq === about?.seq,
      );
      const isNear = record.at - line.record.at < lateAfterMs / 2;
      const isOther = about?.sender === send.sender && about.seq > send.seq && about.way === 'live';
      if (!isNear || !isOther || other === undefined || !planter.isUntouched(other)) return false;
      return isLiveOnce(linesAbout(sheet, other));
    });
    if (later.length === 0 || !planter.maySwap(sheet, send.sender)) return;
    const place = planter.random.pick(later);
    remove(sheet, [line]);
    insertBehind(sheet, place, copied(line, { at: place.record.at }));
    const ahead = aheadOf(world, sheet, place, send);
    planter.displacement = Math.max(planter.displacement, Math.max(...ahead) - send.seq);
    for (const one of world.sends)
      if (one.test === send.test && one.seq === place.about?.seq) planter.touch(one);
    planter.note('reordered', drawn, ...(send.fate === 'ok' ? [] : ['recovered']));
  },

  late: (planter: Planter): void => {
    const { world } = planter;
    const drawn = planter.draw((send, sheet, lines) => {
      const live = sheet.lines.filter(({ about }) => about?.sender === send.sender && about.way === 'live');
      const isLast = live.every(({ about }) => (about?.seq ?? 0) <= send.seq);
      const isHit = world.faults.some(
        ({ node, toAt }) => (node === send.sender || node === sheet.node) && toAt > send.ackAt,
      );
      return send.fate === 'ok' && isLiveOnce(lines) && isLast && (!isHit || send.test.phase === 'control');
    });
    const line = drawn?.lines.find(({ about }) => about?.way === 'live');
    if (drawn === undefined || line === undefined) return;
    const { sheet, send } = drawn;
    const at = send.ackAt - (world.offsets.get(sheet.node) ?? 0) + lateAfterMs + 300;
    remove(sheet, [line]);
    const place = sheet.lines.findLast(({ record }) => record.at <= at);
    if (place !== undefined) insertBehind(sheet, place, copied(line, { at }));
    planter.note('late', drawn);
  },
} as const;
