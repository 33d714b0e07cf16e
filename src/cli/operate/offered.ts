import { deadline, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { Actor, GetActorResponse } from '../../gen/postern/v1/inspector.js';
import type { ActorWord } from './actor-word.js';

/** What can be done to an actor now. */
export interface Offer {
  /** Type of the event. */
  readonly event: string;
  readonly title: string;
  readonly effect: string;
  readonly grave: boolean;
}

/** An actor, and what can be done to it. */
export interface Offered {
  readonly actor: Actor;
  readonly offers: readonly Offer[];
}

/** Asks the hub. Throws what the hub answers. */
export async function offeredBy(connection: HubConnection, { machine, id }: ActorWord): Promise<Offered> {
  const { actor, definition } = await unary<GetActorResponse>((done) =>
    hubServices(connection).inspector.getActor(
      { machine, id, transitions: 1 },
      connection.metadata(),
      deadline(),
      done,
    ),
  );
  if (actor === undefined) throw new PosternError('ANSWER_INVALID', 'the hub tells of no actor');
  const edges = definition?.edges ?? [];
  const offers = actor.operations.map((event) => {
    const {
      title = event,
      effect = '',
      grave = false,
    } = edges.find(
      (edge) => edge.event === event && edge.operation !== undefined && isAround(edge.source, actor.state),
    )?.operation ?? {};
    return { event, title, effect, grave };
  });
  return { actor, offers };
}

/** The offer of this title or event. Throws `NOT_OFFERED`, which says what can be done. */
export function offerOf({ actor, offers }: Offered, word: string): Offer {
  const wanted = word.toLowerCase();
  const found = offers.find(
    ({ event, title }) =>
      event === word || title.toLowerCase() === wanted || title.toLowerCase().replaceAll(' ', '-') === wanted,
  );
  if (found !== undefined) return found;
  const now = actor.gone ? 'has gone' : `is ${actor.state} now`;
  const takes = offers.map(({ title }) => `'${title}'`).join(', ');
  throw new PosternError(
    'NOT_OFFERED',
    `${actor.machine}/${actor.id} ${now}, which does not take '${word.slice(0, 64)}'`,
    { hint: takes === '' ? 'nothing can be done to it now' : `it takes ${takes}` },
  );
}

/** Whether a state is the present one, or lies around it. */
function isAround(path: string, state: string): boolean {
  return state.split('+').some((leaf) => path === '' || leaf === path || leaf.startsWith(`${path}.`));
}
