import { lateAfterMs } from './make-plan.js';
import { isLiveOnce, isOnce, linesAbout, type Planter, remove } from './plants.js';
import { membersOf } from './world.js';

/** Plants that show how far a message came. */
export const layerKinds = {
  /** It came to nobody but the daemon of its sender. */
  unsent: (planter: Planter): void => {
    const { world } = planter;
    const drawn = planter.draw(({ fate }, _, lines) => fate === 'ok' && isOnce(lines));
    if (drawn === undefined) return;
    const { send } = drawn;
    const receivers = membersOf(world.plan, send.test).filter((node) => node !== send.sender);
    const sheets = world.sheets.filter(({ test, node }) => test === send.test && receivers.includes(node));
    const isWhole = (sheet: (typeof sheets)[number]): boolean =>
      sheet.damage === undefined && isOnce(linesAbout(sheet, send));
    if (!sheets.every(isWhole)) return;
    for (const sheet of sheets) {
      remove(sheet, linesAbout(sheet, send));
      planter.note('lost', { send, receiver: sheet.node });
    }
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
