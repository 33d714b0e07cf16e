import type { Bus, StreamListener } from '../../bus/bus.js';
import type { Transition as Told } from '../../bus/messages.js';
import { type SubjectDeclaration, subjects } from '../../bus/subjects.js';
import type { Transition } from '../../gen/postern/v1/inspector.js';

/** Which actor, as the subject of its transitions proves. */
export interface Names {
  readonly machine: string;
  readonly id: string;
  /** Node that it is of or on; '': none. */
  readonly node: string;
  /** Run that it is of; '': none. */
  readonly run: string;
  /** Id of the agent's process that runs it, where its place as an instance tells whether it is there; '': no matter. */
  readonly boot: string;
}

/** A transition at its place in the stream of its machine. */
export interface Heard {
  readonly names: Names;
  readonly place: number;
  /** When it was stored, Unix time in milliseconds of the server. */
  readonly storedMs: number;
  readonly transition: Transition;
}

/**
 * What an actor tells of its facts, or of an event, is so long at most, characters of JSON, and it counts so many types of
 * events that it ignored: twice what hosts of actors let through.
 */
const most = { json: 8_192, ignored: 64 };

/** Hears what is read of the stream of a kind. */
export interface KindListener extends Omit<StreamListener<string, Told>, 'message'> {
  /** `heard` is undefined where nobody may say that there, or so much. */
  message(place: number, heard: Heard | undefined): void;
}

/** All actors of one machine: they share a stream. */
export interface Kind {
  readonly machine: string;
  /** So many transitions of each actor are kept. */
  readonly kept: number;
  /** Reads the stream as `Bus.read`; `only` names one actor or, where actors are of nodes, one node. */
  read(
    bus: Pick<Bus, 'read'>,
    only: { readonly id?: string; readonly node?: string },
    from: { readonly after?: number },
    listener: KindListener,
  ): () => void;
  /** How the stream is: when it was made, its first and last place. */
  extent(bus: Pick<Bus, 'page'>): Promise<{ created: string; first: number; last: number }>;
}

function kind<P extends string>(
  machine: string,
  subject: SubjectDeclaration<P, Told, unknown>,
  /** The parts of an id in the order of which it is made, with dots between. */
  parts: readonly P[],
  namesOf: (params: Readonly<Record<P, string>>) => Partial<Omit<Names, 'machine' | 'id'>>,
): Kind {
  const paramsOf = (only: { id?: string; node?: string }): Partial<Record<P, string>> => {
    const params: Partial<Record<P, string>> = {};
    const values = only.id?.split('.') ?? [];
    for (const [i, part] of parts.entries()) {
      const value = values[i] ?? (part === 'node' ? only.node : undefined);
      if (value !== undefined) params[part] = value;
    }
    return params;
  };
  return {
    machine,
    kept: subject.keep?.perSubject ?? 1,
    read: (bus, only, from, listener) =>
      bus.read(subject, paramsOf(only), from, {
        ...listener,
        message: ({ place, storedMs, message }) => {
          if (message === undefined) {
            listener.message(place, undefined);
            return;
          }
          const { params, body } = message;
          const id = parts.map((part) => params[part]).join('.');
          const names = { machine, id, node: '', run: '', boot: '', ...namesOf(params) };
          // The subject is proven, the body is not: nobody speaks for the machines of another node.
          const proven = body.machine === machine && body.id === id;
          const transition = proven ? toTransition(names, body) : undefined;
          const heard = transition && { names, place, storedMs, transition };
          listener.message(place, heard);
        },
      }),
    extent: (bus) => bus.page(subject, {}, { after: Number.MAX_SAFE_INTEGER }),
  };
}

/** All kinds of actors. */
export const kinds: readonly Kind[] = [
  kind('daemon', subjects.daemonTransition, ['node', 'boot'], (params) => params),
  kind('fault', subjects.faultTransition, ['run', 'fault', 'node'], ({ run, node }) => ({ run, node })),
  kind('link', subjects.linkTransition, ['node', 'boot'], (params) => params),
  kind('node', subjects.nodeTransition, ['node'], (params) => params),
  kind('process', subjects.processTransition, ['node', 'boot'], (params) => params),
  kind('reliability', subjects.reliabilityTransition, ['node', 'boot'], (params) => params),
  kind('run', subjects.runTransition, ['run'], (params) => params),
  kind('test', subjects.testTransition, ['run', 'test', 'node'], ({ run, node }) => ({ run, node })),
];

/** The kind of a machine; undefined: there is no such machine. */
export function kindOf(machine: string): Kind | undefined {
  return kinds.find((one) => one.machine === machine);
}

/** Undefined where it tells more than any host lets through: it would be held for all who look. */
function toTransition({ machine, id, node }: Names, told: Told): Transition | undefined {
  const { bornMs = 0, sequence, atMs, event, detail, from, to, edges = [], by = '' } = told;
  const { ignored = {}, definition = '' } = told;
  const detailJson = detail === undefined ? '' : JSON.stringify(detail);
  const contextJson = JSON.stringify(told.context);
  if (Math.max(detailJson.length, contextJson.length) > most.json) return undefined;
  if (Object.keys(ignored).length > most.ignored) return undefined;
  return {
    ...{ machine, id, bornMs, sequence, atMs, event, detailJson, from, to },
    ...{ edges: [...edges], contextJson, by, ignored, node, definition },
  };
}
