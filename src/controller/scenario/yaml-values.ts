import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { isShallowYaml } from '../../yaml-depth.js';
import type { Path } from './mistake.js';
import { shown } from './quantities.js';

/** Longest file that is read, bytes. */
export const longestFile = 1 << 20;
/** So many values, nested so deep, with what aliases and merge keys repeat. */
const mostValues = 50_000;
const deepest = 32;
/** Deeper is not even looked at. */
const mostNested = 100;

/** A YAML file as plain values, with the place of each. */
export interface YamlValues {
  /** Maps are objects without a prototype. Undefined where nothing is written. */
  readonly value: unknown;
  /** `line:column` of a value: of its key, or of the item of a list; else of what is nearest around it. */
  place(path: Path): string;
  /** What is wrong with the file as YAML, each with its `line:column`; then `value` is not to be used. */
  readonly broken: readonly { readonly place: string; readonly text: string }[];
}

/** Reads one YAML document (so JSON too), version 1.2, with merge keys. It never throws. */
export function yamlValues(text: string): YamlValues {
  const lineCounter = new LineCounter();
  const placeOf = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const failed = (found: readonly { offset: number; text: string }[]): YamlValues => ({
    value: undefined,
    place: () => '1:1',
    broken: found.map((one) => ({ place: placeOf(one.offset), text: one.text })),
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > longestFile) {
    return failed([
      { offset: 0, text: `the file has ${bytes} bytes: more than ${longestFile} are not read` },
    ]);
  }
  let document: ReturnType<typeof parseDocument>;
  let aliases: Aliases;
  try {
    if (!isShallowYaml(text, mostNested)) return failed([{ offset: 0, text: 'it is nested too deep' }]);
    // Keys are compared when values are read: the library compares each with all others.
    document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
    aliases = aliasesOf(document.contents);
  } catch {
    // The library reports mistakes; it throws where it has one itself.
    return failed([{ offset: 0, text: 'it cannot be read as YAML' }]);
  }
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    return failed(errors.map(({ pos, message }) => ({ offset: pos[0], text: plainly(message) })));
  }
  const { contents } = document;
  const reading = new Reading(aliases);
  const value = reading.value(contents, 0);
  if (reading.broken.length > 0) return failed(reading.broken);
  return { value, place: (path) => placeOf(offsetOf(contents, aliases, path)), broken: [] };
}

/** The node that each alias stands for. */
type Aliases = ReadonlyMap<Alias, Node>;

/** Found in one pass: the library would look through the document for each alias. */
function aliasesOf(contents: Node | null): Aliases {
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

/** Makes values of nodes, within bounds. */
class Reading {
  readonly broken: { offset: number; text: string }[] = [];
  readonly #aliases: Aliases;
  #left = mostValues;

  constructor(aliases: Aliases) {
    this.#aliases = aliases;
  }

  value(node: unknown, depth: number): unknown {
    if (isAlias(node)) return this.#aliased(node, depth);
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    if (this.#left === 0)
      return this.#refuse(node, `it holds more than ${mostValues} values, with those that aliases repeat`);
    if (depth > deepest) return this.#refuse(node, `it is nested deeper than ${deepest}`);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.value(item, depth + 1));
    return isMap(node) ? this.#map(node, depth) : undefined;
  }

  #aliased(alias: Alias, depth: number): unknown {
    const node = this.#aliases.get(alias);
    if (node !== undefined) return this.value(node, depth + 1);
    return this.#refuse(alias, `there is no anchor &${shown(alias.source).slice(1, -1)} before it`);
  }

  #map(map: YAMLMap, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = Object.create(null);
    const merged: unknown[] = [];
    const names = new Set<string>();
    for (const { key, value } of map.items) {
      const name = keyName(key, this.#aliases);
      if (name === undefined || name === '__proto__') {
        this.#refuse(key, `${isScalar(key) ? shown(key.value) : 'a list or a map'} cannot be a key`);
      } else if (names.has(name)) this.#refuse(key, 'this key is there twice');
      else if (name === '<<' && isPlain(key)) merged.push(value);
      else made[name] = this.value(value, depth + 1);
      if (name !== undefined) names.add(name);
    }
    for (const source of merged) this.#merge(made, source, depth + 1);
    return made;
  }

  /** Own keys win over merged ones, earlier sources over later. */
  #merge(into: Record<string, unknown>, source: unknown, depth: number): void {
    const node = isAlias(source) ? this.#aliases.get(source) : source;
    const sources = isSeq(node) ? node.items : [source];
    for (const one of sources) {
      const value = this.value(one, depth + 1);
      if (!isObject(value)) {
        if (this.broken.length === 0) this.#refuse(source, "'<<' merges maps, such as *anchor");
        return;
      }
      for (const [key, inner] of Object.entries(value)) if (!Object.hasOwn(into, key)) into[key] = inner;
    }
  }

  #refuse(node: unknown, text: string): undefined {
    if (this.broken.length < 100) this.broken.push({ offset: startOf(node) ?? 0, text });
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Not in quotes. */
function isPlain(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN';
}

function keyName(key: unknown, aliases: Aliases): string | undefined {
  const scalar = isAlias(key) ? aliases.get(key) : key;
  if (!isScalar(scalar) || scalar.value === null) return undefined;
  // As it is written: `1.0` is another name than `1`.
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

function offsetOf(root: Node | null, aliases: Aliases, path: Path): number {
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

/** The pair of a key, be it in a map that is merged. */
function pairOf(map: unknown, name: string, aliases: Aliases, depth: number): unknown {
  const node = isAlias(map) ? aliases.get(map) : map;
  if (depth > deepest) return undefined;
  if (isSeq(node)) return firstOf(node.items, (item) => pairOf(item, name, aliases, depth + 1));
  if (!isMap(node)) return undefined;
  const own = node.items.find(({ key }) => keyName(key, aliases) === name);
  if (own !== undefined) return own;
  const merges = node.items.filter(({ key }) => isPlain(key) && keyName(key, aliases) === '<<');
  return firstOf(merges, ({ value }) => pairOf(value, name, aliases, depth + 1));
}

function firstOf<T>(items: readonly T[], find: (item: T) => unknown): unknown {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}

/** The library's own words, in those of this project. */
function plainly(message: string): string {
  return message
    .replace(
      /^Source contains multiple documents.*$/s,
      "the file has several documents: there is one in a scenario's",
    )
    .replace(/\p{Cc}/gu, ' ');
}
