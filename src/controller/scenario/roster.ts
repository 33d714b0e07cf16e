import { parseSelector } from '../../auth/node-patterns.js';
import { nodeName } from '../../bus/messages.js';
import type { Draft, DraftNode, DraftRef, Findings } from './draft.js';
import { type DaemonRole, mostNodes, type Provider } from './scenario.js';
import { likely } from './schema-mistakes.js';

/** Machines that every lab has, and names that mean something else to every machine. */
const takenInLab: ReadonlySet<string> = new Set(['wan', 'internet', 'localhost']);

/** The nodes of a scenario by the names that others call them. */
export class Roster {
  readonly #entries = new Map<string, { node: DraftNode; names: readonly string[] }>();
  readonly #owner = new Map<string, DraftNode>();

  constructor(nodes: readonly DraftNode[]) {
    for (const node of nodes) {
      const names = namesOf(node);
      this.#entries.set(node.entry, { node, names });
      for (const name of names) if (!this.#owner.has(name)) this.#owner.set(name, node);
    }
  }

  /** The nodes that a name stands for, as far as they have names. */
  names(ref: string): readonly string[] {
    return this.#entries.get(ref)?.names ?? (this.#owner.has(ref) ? [ref] : []);
  }

  /** How many nodes a name stands for at least. */
  least(ref: string): number {
    const node = this.#entries.get(ref)?.node;
    return node?.labels === undefined ? this.names(ref).length : (node.min ?? 1);
  }

  /** Whether more nodes than those with names may belong to it. */
  open(ref: string): boolean {
    const node = this.#entries.get(ref)?.node;
    return node === undefined ? this.#mayBe(ref) : node.labels !== undefined || node.broken === true;
  }

  /** Whether it may be one of several nodes of an entry that could not be read. */
  #mayBe(name: string): boolean {
    const [, entry = ''] = /^(.+)-[0-9]+$/.exec(name) ?? [];
    return this.#entries.get(entry)?.node.broken === true;
  }

  /** Whether it cannot be told which nodes it stands for, because its entry could not be read. */
  broken(ref: string): boolean {
    return this.#entries.get(ref)?.node.broken === true || this.#mayBe(ref);
  }

  role(ref: string): DaemonRole {
    return (this.#entries.get(ref)?.node ?? this.#owner.get(ref))?.daemon.role ?? 'peer';
  }

  /** Entries whose daemons have this role. */
  entriesOf(role: DaemonRole): string[] {
    return [...this.#entries.keys()].filter((entry) => this.role(entry) === role);
  }

  get entries(): string[] {
    return [...this.#entries.keys()];
  }

  /** Tells of names that stand for nothing; gives the others. */
  known(refs: readonly DraftRef[], findings: Findings): DraftRef[] {
    return refs.filter(({ path, name }) => {
      if (this.#entries.has(name) || this.#owner.has(name) || this.#mayBe(name)) return true;
      const guess = likely(name, [...this.#entries.keys(), ...this.#owner.keys()]);
      const more =
        guess === undefined
          ? `; there are ${this.entries.join(', ') || 'none'}`
          : `; did you mean '${guess}'?`;
      findings.mistakes.push({ path, text: `there is no node '${name}'${more}` });
      return false;
    });
  }
}

/** The names that an entry stands for. */
export function namesOf({ entry, count, labels }: DraftNode): string[] {
  if (labels !== undefined) return [];
  if (count === undefined) return [entry];
  return Array.from({ length: Math.min(count, mostNodes) }, (_, i) => `${entry}-${i + 1}`);
}

/** What is wrong with the nodes, each for itself and all together. */
export function checkNodes({ nodes }: Draft, provider: Provider, findings: Findings): void {
  const owners = new Map<string, string>();
  let total = 0;
  for (const node of nodes) {
    const refuse = (text: string, key?: string): unknown =>
      findings.mistakes.push({ path: key === undefined ? node.path : [...node.path, key], text });
    const warn = (text: string, key: string): unknown =>
      findings.warnings.push({ path: [...node.path, key], text });
    const names = namesOf(node);
    const bad = [node.entry, ...names].map((name) => nodeName.safeParse(name)).find((read) => !read.success);
    if (bad !== undefined) refuse(bad.error?.issues[0]?.message ?? 'cannot be the name of a node');
    checkLabels(node, provider, refuse);
    if (provider === 'connected') {
      if (node.public) warn('means nothing to nodes that are connected already', 'public');
      if (Object.keys(node.daemon).some((key) => key !== 'role'))
        warn('is not used: with provider connected, no daemon is started', 'daemon');
    }
    for (const name of names) {
      const other = owners.get(name);
      if (other !== undefined) refuse(`there are two nodes '${name}': one of '${other}'`);
      if (provider === 'lab' && takenInLab.has(name)) refuse(`'${name}' is a machine that every lab has`);
      owners.set(name, node.entry);
    }
    total += node.labels === undefined ? (node.count ?? 1) : (node.min ?? 1);
  }
  if (total > mostNodes) {
    findings.mistakes.push({ path: ['nodes'], text: `are ${total}: at most ${mostNodes} can take part` });
  }
}

function checkLabels(
  node: DraftNode,
  provider: Provider,
  refuse: (text: string, key: string) => unknown,
): void {
  const { labels, min, count } = node;
  if (labels === undefined) {
    if (min !== undefined) refuse('goes with labels: say count for nodes with names', 'min');
    return;
  }
  if (provider !== 'connected')
    refuse(`select nodes that are connected: with provider ${provider}, say count instead`, 'labels');
  if (count !== undefined) refuse('goes with names: say min for nodes with labels', 'count');
  if (labels === '' || parseSelector(labels) === undefined)
    refuse("are none: write {site: attic}, or a selector such as 'site=attic,!gpu'", 'labels');
}
