import { type Alias, isAlias, isMap, isPair, isScalar, isSeq, type Node, visit } from 'yaml';

/** The node that each alias of a document stands for. */
export type Aliases = ReadonlyMap<Alias, Node>;

/** Keys of maps, and places in lists, that lead to a value. */
export type YamlPath = readonly PropertyKey[];

/** Merge keys are followed so deep for a place. */
const deepestMerge = 32;

/** Found in one pass: the library would look through the document for each alias. */
export function aliasesOf(contents: Node | null): Aliases {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node>();
  visit(contents, {
    Alias: (_key, alias) => {
      const node = anchors.get(alias.source);
      if (node !== undefined) aliases.set(alias, node);
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return aliases;
}

/** Whether a key is a merge key, not in quotes. */
export function isMergeKey(key: unknown, aliases: Aliases): boolean {
  return isScalar(key) && key.type === 'PLAIN' && keyName(key, aliases) === '<<';
}

/** A key as it is written: `1.0` is another name than `1`. Undefined where it is no name. */
export function keyName(key: unknown, aliases: Aliases): string | undefined {
  const scalar = isAlias(key) ? aliases.get(key) : key;
  if (!isScalar(scalar) || scalar.value === null) return undefined;
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

/** Where a value begins in the text: at its key, or where an item of a list begins; else the nearest around it. */
export function offsetOf(root: Node | null, aliases: Aliases, path: YamlPath): number {
  let at: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const part of path) {
    if (isAlias(at)) at = aliases.get(at);
    const found = isSeq(at) ? at.items[Number(part)] : pairOf(at, String(part), aliases, 0);
    if (found === undefined) return offset;
    offset = startOf(isPair(found) ? found.key : found) ?? offset;
    at = isPair(found) ? found.value : found;
  }
  return offset;
}

/** Where a node begins in the text. */
export function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

/** The pair of a key, be it in a map that is merged. */
function pairOf(map: unknown, name: string, aliases: Aliases, depth: number): unknown {
  const node = isAlias(map) ? aliases.get(map) : map;
  if (depth > deepestMerge) return undefined;
  if (isSeq(node)) return firstOf(node.items, (item) => pairOf(item, name, aliases, depth + 1));
  if (!isMap(node)) return undefined;
  const own = node.items.find(({ key }) => keyName(key, aliases) === name);
  if (own !== undefined) return own;
  const merges = node.items.filter(({ key }) => isMergeKey(key, aliases));
  return firstOf(merges, ({ value }) => pairOf(value, name, aliases, depth + 1));
}

function firstOf<T>(items: readonly T[], find: (item: T) => unknown): unknown {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
