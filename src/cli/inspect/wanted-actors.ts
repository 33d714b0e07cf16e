import { deadline, unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { Actor, ActorFilter, ListActorsResponse } from '../../gen/postern/v1/inspector.js';

/** So many candidates are named where a word fits several actors. */
const mostNamed = 8;

/** What a word of the command line is about. */
export type Wanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'actor'; readonly machine: string; readonly id: string };

/** `machine/id` is an actor, anything else a node; nothing: all actors. */
export function wantedBy(word: string | undefined): Wanted {
  if (word === undefined || word === '') return { kind: 'all' };
  const slash = word.indexOf('/');
  if (slash === -1) return { kind: 'node', node: word };
  return { kind: 'actor', machine: word.slice(0, slash), id: word.slice(slash + 1) };
}

/** How people are told what was asked for. */
export function nameOf(wanted: Wanted): string {
  if (wanted.kind === 'all') return 'any machine';
  return wanted.kind === 'node' ? `a node '${wanted.node}'` : `${wanted.machine}/${wanted.id}`;
}

/**
 * The filters that fit what is wanted; an actor may be named by the beginning of its id, where only one has it. Throws
 * `ACTOR_UNKNOWN`, `ACTOR_UNCLEAR`.
 */
export async function filtersFor(
  connection: HubConnection,
  wanted: Wanted,
  machine: string,
): Promise<ActorFilter[]> {
  const any: ActorFilter = { machine, id: '', node: '', run: '' };
  if (wanted.kind === 'all') return machine === '' ? [] : [any];
  if (wanted.kind === 'node') return [{ ...any, node: wanted.node }];
  const { id } = await findActor(connection, wanted);
  return [{ ...any, machine: wanted.machine, id }];
}

/** The one actor with that id, or whose id begins so. Throws `ACTOR_UNKNOWN`, `ACTOR_UNCLEAR`. */
export async function findActor(
  connection: HubConnection,
  { machine, id }: { readonly machine: string; readonly id: string },
): Promise<Actor> {
  const exact = await listActors(connection, [{ machine, id, node: '', run: '' }]).catch(noSuchId);
  const [found] = exact;
  if (found !== undefined) return found;
  const all = await listActors(connection, [{ machine, id: '', node: '', run: '' }]);
  const fitting = all.filter((actor) => actor.id.startsWith(id));
  const living = fitting.filter(({ gone }) => !gone);
  const [only, second] = living.length === 1 ? living : fitting;
  if (only === undefined) {
    throw new PosternError('ACTOR_UNKNOWN', `no ${machine} is known whose id begins with '${id}'`, {
      hint: 'see what there is with `postern inspect --ls`',
    });
  }
  if (second !== undefined) {
    const named = fitting.slice(0, mostNamed).map((actor) => `${machine}/${actor.id}`);
    const more = fitting.length > mostNamed ? ` and ${fitting.length - mostNamed} more` : '';
    throw new PosternError('ACTOR_UNCLEAR', `'${id}' may be ${named.join(', ')}${more}`, {
      hint: 'write more of the id',
      exitCode: 2,
    });
  }
  return only;
}

/** All actors that the filters fit, read a page at a time. */
export async function listActors(
  connection: HubConnection,
  filters: readonly ActorFilter[],
): Promise<Actor[]> {
  const { inspector } = hubServices(connection);
  const actors: Actor[] = [];
  for (let after = ''; ; ) {
    const request = { filters: [...filters], limit: 1_000, after };
    const page = await unary<ListActorsResponse>((done) =>
      inspector.listActors(request, connection.metadata(), deadline(), done),
    );
    actors.push(...page.actors);
    const last = page.actors.at(-1);
    if (!page.more || last === undefined) return actors;
    after = `${last.machine}/${last.id}`;
  }
}

/** What cannot be a whole id may still be the beginning of one. */
function noSuchId(thrown: unknown): Actor[] {
  if (thrown instanceof PosternError && /filters\[0\]\.id/.test(thrown.message)) return [];
  throw thrown;
}
