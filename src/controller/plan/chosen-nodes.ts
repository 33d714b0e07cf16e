import { coversNode } from '../../auth/node-patterns.js';
import { PosternError } from '../../errors.js';
import type { NodeEntry, NodeRef, Scenario } from '../scenario/scenario.js';

/** A node that could take part. */
export interface KnownNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an entry of the scenario still lacks. */
export interface Lacking {
  /** Where it stands: `nodes.attic`, `faults[0].nodes`. */
  readonly entry: string;
  /** Nodes that are not there. */
  readonly names: readonly string[];
  /** With labels: how many there are, of how many. */
  readonly labels?: { readonly selector: string; readonly found: number; readonly min: number };
}

/** The parts of a scenario that say which nodes it is about. */
type Wanting = Pick<Scenario, 'nodes'> & Partial<Pick<Scenario, 'faults'>>;

/** The nodes that each entry of a scenario stands for, out of those that are known. */
export class ChosenNodes {
  readonly #byEntry = new Map<string, readonly string[]>();
  readonly #known: ReadonlyMap<string, KnownNode>;
  readonly lacking: readonly Lacking[];

  constructor(scenario: Wanting, known: readonly (KnownNode | string)[]) {
    const nodes = new Map<string, KnownNode>();
    for (const one of known) {
      const node = typeof one === 'string' ? { name: one } : one;
      nodes.set(node.name, node);
    }
    this.#known = nodes;
    const lacking: Lacking[] = [];
    for (const entry of scenario.nodes) {
      const found = foundOf(entry, nodes);
      this.#byEntry.set(entry.entry, found);
      const missing = entry.names.filter((name) => !nodes.has(name));
      const { select } = entry;
      if (missing.length > 0) lacking.push({ entry: `nodes.${entry.entry}`, names: missing });
      else if (select !== undefined && found.length < select.min) {
        const { labels: selector, min } = select;
        lacking.push({
          entry: `nodes.${entry.entry}`,
          names: [],
          labels: { selector, found: found.length, min },
        });
      }
    }
    for (const { path, nodes: targets } of scenario.faults ?? []) {
      if (targets.labels === undefined || this.of(targets.of, targets.labels).length > 0) continue;
      const labels = { selector: targets.labels, found: 0, min: 1 };
      lacking.push({ entry: `${path}.nodes`, names: [], labels });
    }
    this.lacking = lacking;
  }

  /** All, sorted. */
  get all(): string[] {
    return [...new Set([...this.#byEntry.values()].flat())].sort();
  }

  /** Those that some names stand for, each once, in the order of the names; with a selector only those with such labels. */
  of(refs: readonly NodeRef[], labels?: string): string[] {
    const all = [...new Set(refs.flatMap((ref) => this.#byEntry.get(ref) ?? [ref]))];
    if (labels === undefined) return all;
    return all.filter((name) => coversNode([labels], name, this.#known.get(name)?.labels ?? {}));
  }
}

/** In the order of the entry's names; those with its labels sorted by name. */
function foundOf({ names, select }: NodeEntry, nodes: ReadonlyMap<string, KnownNode>): string[] {
  if (select === undefined) return names.filter((name) => nodes.has(name));
  return [...nodes.values()]
    .filter(({ name, labels }) => coversNode([select.labels], name, labels ?? {}))
    .map(({ name }) => name)
    .sort();
}

/** Which nodes of the scenario are not among those that are known; empty when a plan can be made. */
export function lackingNodes(scenario: Wanting, known: readonly (KnownNode | string)[]): readonly Lacking[] {
  return new ChosenNodes(scenario, known).lacking;
}

/** Tells which entries lack what. */
export function nodesMissing(lacking: readonly Lacking[]): PosternError {
  const parts = lacking.map(({ entry, names, labels }) => {
    if (labels !== undefined) {
      return `${entry}: ${labels.found} of the ${labels.min} or more nodes with the labels ${labels.selector} are there`;
    }
    const are = names.length === 1 ? `the node ${names[0]} is` : `the nodes ${listed(names)} are`;
    return `${entry}: ${are} not there`;
  });
  return new PosternError('NODES_MISSING', parts.join('\n'), {
    hint: '`postern nodes` lists those that are connected; see the provider of the scenario too',
  });
}

function listed(names: readonly string[]): string {
  const few = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${few} and ${names.length - 10} more` : few;
}
