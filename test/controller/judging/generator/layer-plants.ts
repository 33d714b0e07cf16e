import { lateAfterMs } from './make-plan.js';
import { isLiveOnce, isOnce, linesAbout, type Planter, remove } from './plants.js';
import { membersOf, type Sheet, sheetOf, type TrueSend } from './world.js';

/** Plants that show how far a message came. */
export const layerKinds = {
  /** It came to nobody but the daemon of its sender. */
  unsent: (planter: Planter): void => {
    const send = drawWhole(planter, ({ fate }) => fate === 'ok');
    if (send !== undefined) loseAll(planter, send);
  },

  /** Its sender's daemon took it and let it drop: nobody has it in the end. */
  unkept: (planter: Planter): void => {
    const send = drawWhole(planter, ({ fate }) => fate === 'ok');
    if (send === undefined) return;
    loseAll(planter, send);
    forgetOwn(planter, send);
  },

  /** Nobody else has it, and the sender's last reading was cut off: whether its daemon has it nobody knows. */
  presumed: (planter: Planter): void => {
    const { world, random } = planter;
    const send = drawWhole(planter, ({ fate }) => fate === 'ok');
    if (send === undefined) return;
    const { test, sender } = send;
    // What is missing there could not be told from what is not known any more.
    if (planter.planted.some((one) => one.includes(` ${test.test} `) && one.endsWith(` ${sender}`))) return;
    loseAll(planter, send);
    if (random.below(2) === 0) forgetOwn(planter, send);
    const own = sheetOf(world, test, sender);
    own.damage = { kind: 'unread' };
    own.lines = own.lines.map((line) =>
      line.record.k === 'final' ? { ...line, record: { ...line.record, complete: false } } : line,
    );
  },

  /** Nobody was told whether the daemon took it: it has it, and at most one other. */
  halfway: (planter: Planter): void => {
    const send = drawWhole(planter, ({ fate, exists }) => exists && (fate === 'info' || fate === 'unknown'));
    if (send === undefined) return;
    const sheets = sheetsOfOthers(planter, send);
    const kept = planter.random.below(2) === 0 ? planter.random.pick(sheets) : undefined;
    for (const sheet of sheets) if (sheet !== kept) remove(sheet, linesAbout(sheet, send));
    planter.touch(send);
  },

  /** The receiver's daemon lists it in the end, and had not told of it before. */
  uncollected: (planter: Planter): void => {
    const { world } = planter;
    const drawn = planter.draw((send, sheet, lines) => {
      const isHit = world.faults.some(
        ({ node, toAt }) => (node === send.sender || node === sheet.node) && toAt > send.ackAt,
      );
      return send.fate === 'ok' && isLiveOnce(lines) && !isHit;
    });
    const listed = drawn?.lines.find(({ about }) => about?.way === 'final');
    if (drawn === undefined || listed === undefined) return;
    const { sheet, send } = drawn;
    remove(
      sheet,
      drawn.lines.filter(({ about }) => about?.way !== 'final'),
    );
    const cameAt = listed.record.at + (world.offsets.get(sheet.node) ?? 0);
    if (cameAt - send.ackAt > lateAfterMs) planter.note('late', drawn);
    else planter.touch(send);
  },
} as const;

/** A message that came once to all, of which all that its members wrote is there. */
function drawWhole(planter: Planter, fits: (send: TrueSend) => boolean): TrueSend | undefined {
  const drawn = planter.draw((send, _, lines) => fits(send) && isOnce(lines));
  if (drawn === undefined) return undefined;
  const isWhole = (sheet: Sheet): boolean =>
    sheet.damage === undefined && isOnce(linesAbout(sheet, drawn.send));
  return sheetsOfOthers(planter, drawn.send).every(isWhole) ? drawn.send : undefined;
}

function sheetsOfOthers({ world }: Planter, { test, sender }: TrueSend): Sheet[] {
  const receivers = membersOf(world.plan, test).filter((node) => node !== sender);
  return receivers.map((node) => sheetOf(world, test, node));
}

/** None of its receivers has it. */
function loseAll(planter: Planter, send: TrueSend): void {
  for (const sheet of sheetsOfOthers(planter, send)) {
    remove(sheet, linesAbout(sheet, send));
    planter.note('lost', { send, receiver: sheet.node });
  }
}

/** Its sender's daemon does not list it in any reading. */
function forgetOwn({ world }: Planter, { test, sender, seq }: TrueSend): void {
  const own = sheetOf(world, test, sender);
  remove(
    own,
    own.lines.filter(({ about }) => about?.sender === sender && about.seq === seq && about.way === 'final'),
  );
}
