import { isObject, type JsonObject } from '../../../../run-file/format.js';

/** A transition of an actor of the run, as far as the run's view needs it. */
export interface ToldTransition {
  readonly machine: string;
  readonly id: string;
  /** Unix milliseconds of its process. */
  readonly atMs: number;
  /** State after it; '' where it ended. */
  readonly to: string;
  readonly contextJson: string;
}

/** What a test or a fault is called within its run, and where it is; undefined: the actor is of another run or kind. */
export function partOf(
  { machine, id }: Pick<ToldTransition, 'machine' | 'id'>,
  run: string,
): { readonly name: string; readonly node: string } | undefined {
  if ((machine !== 'test' && machine !== 'fault') || !id.startsWith(`${run}.`)) return undefined;
  const rest = id.slice(run.length + 1);
  // Names of tests, faults and nodes have no dots.
  const [name = '', node = '', ...more] = rest.split('.');
  return name === '' || node === '' || more.length > 0 ? undefined : { name, node };
}

/** The facts that an actor keeps, or nothing of what is no JSON. */
export function contextOf({ contextJson }: ToldTransition): JsonObject {
  try {
    const context: unknown = JSON.parse(contextJson === '' ? '{}' : contextJson);
    return isObject(context) ? context : {};
  } catch {
    return {};
  }
}

/** A time among the facts of an actor; undefined: it is not there. */
export function timeIn(context: JsonObject, key: string): number | undefined {
  const time = context[key];
  return typeof time === 'number' && Number.isFinite(time) && time > 0 ? time : undefined;
}

/** A text among the facts of an actor; undefined: it is not there, or empty. */
export function textIn(context: JsonObject, key: string): string | undefined {
  const text = context[key];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
