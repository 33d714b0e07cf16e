import { PosternError } from '../errors.js';
import type { ActorFilter } from '../gen/postern/v1/inspector.js';
import type { Visitor } from '../own-service.js';
import { kindOf, kinds, type Names } from './directory/kinds.js';

/** So many filters may be named at once. */
const mostFilters = 64;
const nameForm = /^[A-Za-z0-9_-]{1,128}$/;
const idForm = /^[A-Za-z0-9_.-]{1,256}$/;

/** Which actors are wanted. */
export interface Wanted {
  /** Whether an actor is. */
  matches(names: Names): boolean;
  /** What to read of the stream of a machine so that none is missed; undefined: nothing is wanted of it. */
  of(machine: string): { readonly id?: string; readonly node?: string } | undefined;
}

/** The actors that any of the filters fits, or all where there are none. Throws `INVALID_ARGUMENT`. */
export function readFilters(filters: readonly ActorFilter[]): Wanted {
  if (filters.length > mostFilters) {
    throw new PosternError(
      'INVALID_ARGUMENT',
      `filters: there are ${filters.length}, at most ${mostFilters}`,
    );
  }
  for (const [i, filter] of filters.entries()) assertFilter(filter, `filters[${i}]`);
  return {
    matches: (names) => filters.length === 0 || filters.some((filter) => fits(filter, names)),
    of: (machine) => {
      if (filters.length === 0) return {};
      const about = filters.filter((filter) => filter.machine === '' || filter.machine === machine);
      const [first] = about;
      if (first === undefined) return undefined;
      if (about.length > 1) return {};
      const { id, node } = first;
      if (id !== '') return { id };
      // The subjects of other machines do not begin with a node.
      return node !== '' && !['run', 'test', 'fault'].includes(machine) ? { node } : {};
    },
  };
}

/** Throws `INVALID_ARGUMENT` for what names no machine. */
export function assertMachine(machine: string, where: string): void {
  if (kindOf(machine) !== undefined) return;
  const known = kinds.map((kind) => kind.machine).join(', ');
  throw new PosternError(
    'INVALID_ARGUMENT',
    `${where}: there is no machine '${machine.slice(0, 64)}': it is ${known}`,
  );
}

function assertFilter({ machine, id, node, run }: ActorFilter, where: string): void {
  if (machine !== '') assertMachine(machine, `${where}.machine`);
  if (id !== '' && !idForm.test(id)) refuse(`${where}.id: '${id.slice(0, 64)}' is no id of an actor`);
  if (node !== '' && !nameForm.test(node)) refuse(`${where}.node: '${node.slice(0, 64)}' is no node name`);
  if (run !== '' && !nameForm.test(run)) refuse(`${where}.run: '${run.slice(0, 64)}' is no name of a run`);
}

function refuse(message: string): never {
  throw new PosternError('INVALID_ARGUMENT', message);
}

function fits({ machine, id, node, run }: ActorFilter, names: Names): boolean {
  return (
    (machine === '' || machine === names.machine) &&
    (id === '' || id === names.id) &&
    (node === '' || node === names.node) &&
    (run === '' || run === names.run)
  );
}

/** Whether a visitor may see an actor: one of a node that their token covers; of none, only with a token that covers all. */
export function maySee({ covers, coversAll }: Visitor, { node, machine }: Names): boolean {
  if (coversAll) return true;
  return node !== '' && machine !== 'run' && covers(node);
}
