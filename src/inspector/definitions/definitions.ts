import {
  type DefinedState,
  definitionOf,
  leafStates,
  type MachineDefinition,
} from '../../../machines/definition.js';
import { machines } from '../../../machines/index.js';
import { operationsOf } from '../../../machines/operations.js';
import { definitionHash } from '../../actors/definition-hash.js';
import type { Actor, Definition } from '../../gen/postern/v1/inspector.js';
import type { KnownActor } from '../directory/known-actor.js';
import type { Layouts } from '../layout/layouts.js';
import { readDefinition } from './machine-json.js';
import { toDefinition } from './to-proto.js';

/** So many definitions of other processes are remembered. */
const mostRemembered = 64;
/** What states say is remembered of so many. */
const mostStates = 4_096;
/** A process that could not say is not asked again for so long, milliseconds. */
const askAgainMs = 30_000;

/** Asks a node for the definition of this hash, as JSON; undefined: it cannot say. */
export type AskNode = (node: string, machine: string, hash: string) => Promise<string | undefined>;

/** What a definition says of a state. */
interface StateFacts {
  /** Events that operators may send. */
  readonly operations: readonly string[];
  readonly tags: readonly string[];
}

/** What machines run by: those of this process, and what other processes have told of theirs. */
export class Definitions {
  readonly #ask: AskNode;
  readonly #layouts: Layouts;
  readonly #byHash = new Map<string, MachineDefinition>();
  readonly #own = new Map<string, { readonly definition: MachineDefinition; readonly hash: string }>();
  /** When a hash was asked for in vain. */
  readonly #vain = new Map<string, number>();
  /** By hash and state. */
  readonly #states = new Map<string, StateFacts>();

  constructor({ ask, layouts }: { ask: AskNode; layouts: Layouts }) {
    this.#ask = ask;
    this.#layouts = layouts;
    for (const [name, { machine }] of Object.entries(machines)) {
      const definition = definitionOf(machine);
      const hash = definitionHash(machine);
      this.#own.set(name, { definition, hash });
      this.#byHash.set(hash, definition);
    }
  }

  /** What an actor runs by, with where it is drawn; undefined: nobody can say any more. */
  async of({ names, actor }: KnownActor): Promise<Definition | undefined> {
    const found = this.#known(actor) ?? (await this.#asked(names, actor.definition));
    if (found === undefined) return undefined;
    const { definition, hash } = found;
    return toDefinition(definition, hash, await this.#layouts.of(hash, definition));
  }

  /** An actor with what its definition says of its state. */
  shown(actor: Actor): Actor {
    const found = this.#known(actor);
    if (found === undefined) return actor;
    const { operations, tags } = this.#facts(found, actor.state);
    return { ...actor, operations: actor.gone ? [] : [...operations], tags: [...tags] };
  }

  #facts({ definition, hash }: { definition: MachineDefinition; hash: string }, state: string): StateFacts {
    const key = `${hash} ${state}`;
    let facts = this.#states.get(key);
    if (facts === undefined) {
      facts = {
        operations: operationsOf(definition, state).map(({ event }) => event),
        tags: [...new Set(state.split('+').flatMap((path) => tagsAlong(definition.root, path)))],
      };
      if (this.#states.size >= mostStates) this.#states.clear();
      this.#states.set(key, facts);
    }
    return facts;
  }

  #known({ definition: hash, machine, state }: Actor) {
    const definition = this.#byHash.get(hash);
    if (definition !== undefined) return { definition, hash };
    const own = this.#own.get(machine);
    if (hash !== '' || own === undefined) return undefined;
    // One that does not say what it runs by is of an older release: ours will do where it has the state.
    const paths = new Set(leafStates(own.definition.root).map(({ path }) => path));
    return state.split('+').every((path) => paths.has(path)) ? own : undefined;
  }

  async #asked({ node, machine }: KnownActor['names'], hash: string) {
    if (node === '' || hash === '' || Date.now() < (this.#vain.get(hash) ?? 0) + askAgainMs) return undefined;
    const json = await this.#ask(node, machine, hash);
    const definition = json === undefined ? undefined : readDefinition(json, hash);
    if (definition === undefined) {
      if (this.#vain.size > mostRemembered) this.#vain.clear();
      this.#vain.set(hash, Date.now());
      return undefined;
    }
    if (this.#byHash.size > mostRemembered) {
      const theirs = [...this.#byHash.keys()].slice(this.#own.size, this.#own.size + 1);
      for (const one of theirs) this.#byHash.delete(one);
    }
    this.#byHash.set(hash, definition);
    return { definition, hash };
  }
}

/** The tags of a state and of those around it. */
function tagsAlong({ tags, states }: DefinedState, path: string): string[] {
  const inner = states.find((state) => path === state.path || path.startsWith(`${state.path}.`));
  return [...tags, ...(inner === undefined ? [] : tagsAlong(inner, path))];
}
