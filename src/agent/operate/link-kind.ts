import { linkMachine, stateName } from '../../../machines/link.js';
import type { AgentLink } from '../link.js';
import { doerOf, type Effects, only, operable } from './operable.js';
import type { OperableKind } from './operate-desk.js';

/** The link; `id` is that of its actor. */
export function linkKind(id: string, link: Pick<AgentLink, 'send' | 'snapshot' | 'bornMs'>): OperableKind {
  const effects: Effects = {
    RETRY_ASKED: (wish) => {
      link.send({ type: 'RETRY_ASKED' }, doerOf(wish));
      return 'it dials now';
    },
    DRAIN: (wish) => {
      link.send({ type: 'DRAIN' }, doerOf(wish));
      return 'it finishes its calls, takes no new ones and ends';
    },
  };
  const actor = () => ({ bornMs: link.bornMs, state: stateName(link.snapshot()) });
  return { machine: linkMachine, find: only(id, () => operable(actor(), effects)) };
}
