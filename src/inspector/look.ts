import type { Bus } from '../bus/bus.js';
import { PosternError } from '../errors.js';
import type {
  Actor,
  GetActorRequest,
  GetActorResponse,
  ListActorsRequest,
  ListActorsResponse,
} from '../gen/postern/v1/inspector.js';
import type { Visitor } from '../own-service.js';
import type { Definitions } from './definitions/definitions.js';
import type { Directory } from './directory/directory.js';
import { kindOf, kinds } from './directory/kinds.js';
import { replay } from './directory/replay.js';
import { assertMachine, maySee, readFilters } from './filters.js';

/** How many actors are listed where nobody says, and at most. */
const [usualLimit, mostLimit] = [1_000, 10_000];
/** So many transitions of an actor are told at most. */
export const mostTransitions = 64;

/** What looking needs. */
export interface Lookout {
  readonly directory: Directory;
  readonly bus: Pick<Bus, 'read' | 'page'>;
  readonly definitions: Definitions;
}

/** `ListActors`. Throws `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`. */
export async function listActors(
  { directory, definitions }: Lookout,
  { filters, limit, after }: ListActorsRequest,
  visitor: Visitor,
): Promise<ListActorsResponse> {
  const wanted = readFilters(filters);
  const most = limit === 0 ? usualLimit : Math.min(limit, mostLimit);
  const from = readAfter(after);
  return directory.using(() => {
    const actors: Actor[] = [];
    for (const { machine } of kinds) {
      if (machine < from.machine || wanted.of(machine) === undefined) continue;
      const ofMachine: Actor[] = [];
      for (const { names, actor } of directory.ofMachine(machine)) {
        if (machine === from.machine && actor.id <= from.id) continue;
        if (wanted.matches(names) && maySee(visitor, names)) ofMachine.push(actor);
      }
      actors.push(...ofMachine.sort(byId));
      if (actors.length > most) break;
    }
    const told = actors.slice(0, most).map((actor) => definitions.shown(actor));
    return { actors: told, more: actors.length > most };
  });
}

/** `GetActor`. Throws `INVALID_ARGUMENT`, `ACTOR_UNKNOWN`, `STORE_UNAVAILABLE`. */
export async function getActor(
  { directory, bus, definitions }: Lookout,
  { machine, id, transitions: most }: GetActorRequest,
  visitor: Visitor,
  signal: AbortSignal,
): Promise<GetActorResponse> {
  assertMachine(machine, 'machine');
  const kind = kindOf(machine);
  return directory.using(async () => {
    const known = directory.get(machine, id);
    if (kind === undefined || known === undefined || !maySee(visitor, known.names)) {
      throw new PosternError('ACTOR_UNKNOWN', `no ${machine} '${id.slice(0, 256)}' is known`);
    }
    const upTo = directory.places().get(machine)?.place ?? 0;
    const perActor = most === 0 ? mostTransitions : Math.min(most, mostTransitions);
    const range = { after: 0, upTo, only: { id }, wants: () => true, perActor };
    const [{ heard }, definition] = await Promise.all([
      replay(bus, kind, range, signal),
      definitions.of(known),
    ]);
    return {
      actor: definitions.shown(known.actor),
      definition,
      transitions: heard.map(({ transition }) => transition),
    };
  });
}

function byId(a: Actor, b: Actor): number {
  return a.id < b.id ? -1 : 1;
}

function readAfter(after: string): { machine: string; id: string } {
  if (after === '') return { machine: '', id: '' };
  const slash = after.indexOf('/');
  if (slash === -1) throw new PosternError('INVALID_ARGUMENT', 'after: it is no actor, machine/id');
  const machine = after.slice(0, slash);
  assertMachine(machine, 'after');
  return { machine, id: after.slice(slash + 1) };
}
