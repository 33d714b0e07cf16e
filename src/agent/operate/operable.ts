import { PosternError } from '../../errors.js';
import type { Operable, OperableKind, Wish } from './operate-desk.js';

/** What carries out an event; gives what became of it. */
export type Effects = Readonly<Record<string, (wish: Wish) => Promise<string> | string>>;

/** Whose doing it is, as transitions tell it. */
export const doerOf = ({ by }: Wish): string => `operator/${by}`;

/** An actor with what carries out its events. */
export function operable(actor: Pick<Operable, 'bornMs' | 'state'>, effects: Effects): Operable {
  return {
    bornMs: actor.bornMs,
    state: actor.state,
    operate: (wish) => {
      const effect = effects[wish.event];
      if (effect === undefined) throw new PosternError('UNSUPPORTED', `nobody here knows ${wish.event}`);
      return effect(wish);
    },
  };
}

/** The one actor of its kind in an agent. */
export const only =
  (id: string, make: () => Operable): OperableKind['find'] =>
  (asked) =>
    asked === id ? make() : undefined;
