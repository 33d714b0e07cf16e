import type { OperatorMark } from './operator-mark.js';

const marked = (operator: OperatorMark) => ({ meta: { operator } });

/** What a state that does not offer it takes all the same: another hub may have been asked. */
export const kicked = {
  description: 'Somebody took the place of an instance away.',
  actions: 'forgetKicked',
} as const;
/** See there. */
export const drained = { description: 'Somebody wants no new calls to go there.', actions: 'drain' } as const;
/** See there. */
export const resumed = { description: 'Calls may go there again.', actions: 'resume' } as const;

/** Ends the sessions. */
export const mayKick = {
  ...kicked,
  ...marked({
    title: 'kick',
    effect:
      'All sessions of the node end, and their open calls with UNAVAILABLE. Its agents come again within seconds.',
  }),
} as const;

/** Lets no new calls in. */
export const mayDrain = {
  ...drained,
  ...marked({
    title: 'drain',
    effect:
      'Open calls finish, and no instance of the node is given new ones, nor one that comes, until it is resumed.',
  }),
} as const;

/** Lets calls in again. */
export const mayResume = {
  ...resumed,
  ...marked({ title: 'resume', effect: 'The node is given calls again.' }),
} as const;
