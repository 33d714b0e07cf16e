import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type YAMLMap } from 'yaml';
import { type ComposedYaml, composeYaml, mostMistakes } from './yaml-compose.js';
import { boundedTokens, YamlExcess } from './yaml-depth.js';
import {
  type Aliases,
  aliasesOf,
  isMergeKey,
  keyName,
  offsetOf,
  startOf,
  type YamlPath,
} from './yaml-nodes.js';

export type { YamlPath } from './yaml-nodes.js';

/** Lists and maps may be nested so much deeper than values that are read. */
const moreNested = 100;
/** Of what others wrote so much is shown in a message. */
const longestShown = 60;

/** What a YAML text may be at most. */
export interface YamlBounds {
  /** Longest text, bytes. */
  readonly bytes: number;
  /** So many values, nested so deep, with what aliases and merge keys repeat. */
  readonly values: number;
  readonly deepest: number;
}

/** What is read in another way than files of settings. */
export interface YamlForm {
  /** Integers are bigints, and `!!binary` is bytes. */
  readonly exact?: boolean;
  /** Any text is a key, and none is a merge key. */
  readonly anyKeys?: boolean;
}

/** Counted from 1. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as plain values, with the place of each. */
export interface BoundedYaml {
  /** Maps are objects without a prototype. Undefined where nothing is written. */
  readonly value: unknown;
  /** Where a value stands: at its key, or at the item of a list; else what is nearest around it. */
  place(path: YamlPath): YamlPlace;
  /** What is wrong with the text as YAML; then `value` is not to be used. */
  readonly broken: readonly (YamlPlace & { readonly text: string })[];
}

/**
 * Reads one YAML document (so JSON too), version 1.2, with merge keys. Whatever the text is, it takes no more time and memory
 * than its bounds allow. It never throws.
 */
export function boundedYaml(text: string, bounds: YamlBounds, form: YamlForm = {}): BoundedYaml {
  const lineCounter = new LineCounter();
  // What is missing at the end is missing after the last thing that was written, not lines below it.
  const end = text.trimEnd().length;
  const placeOf = (offset: number): YamlPlace => {
    const { line, col } = lineCounter.linePos(Math.min(offset, end));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (found: readonly { offset: number; text: string }[]): BoundedYaml => ({
    value: undefined,
    place: () => ({ line: 1, column: 1 }),
    broken: found.map((one) => ({ ...placeOf(one.offset), text: one.text })),
  });
  const wrong = (what: string): BoundedYaml => failed([{ offset: 0, text: what }]);
  const bytes = Buffer.byteLength(text);
  if (bytes > bounds.bytes) return wrong(`it has ${bytes} bytes: more than ${bounds.bytes} are not read`);
  let composed: ComposedYaml;
  let aliases: Aliases;
  try {
    // Keys are compared when values are read: the library compares each with all others.
    const options = { lineCounter, prettyErrors: false, uniqueKeys: false };
    const exact = { intAsBigInt: true, customTags: ['binary' as const] };
    const size = { nested: bounds.deepest + moreNested, values: bounds.values };
    const tokens = boundedTokens(text, size, lineCounter.addNewLine);
    composed = composeYaml(tokens, text.length, form.exact === true ? { ...options, ...exact } : options);
    aliases = aliasesOf(composed.contents);
  } catch (thrown) {
    if (thrown instanceof YamlExcess)
      return wrong(thrown.kind === 'deep' ? 'it is nested too deep' : tooMany(bounds.values));
    // The library reports mistakes; it throws where it has one itself.
    return wrong('it cannot be read as YAML');
  }
  const { contents, mistakes } = composed;
  if (mistakes.length > 0) return failed(mistakes);
  const reading = new Reading(aliases, bounds, form.anyKeys === true);
  const value = reading.value(contents, 0);
  if (reading.broken.length > 0) return failed(reading.broken);
  return { value, place: (path) => placeOf(offsetOf(contents, aliases, path)), broken: [] };
}

/** Makes values of nodes, within bounds. */
class Reading {
  readonly broken: { offset: number; text: string }[] = [];
  readonly #aliases: Aliases;
  readonly #bounds: YamlBounds;
  readonly #anyKeys: boolean;
  #left: number;

  constructor(aliases: Aliases, bounds: YamlBounds, anyKeys: boolean) {
    this.#aliases = aliases;
    this.#bounds = bounds;
    this.#anyKeys = anyKeys;
    this.#left = bounds.values;
  }

  value(node: unknown, depth: number): unknown {
    if (isAlias(node)) return this.#aliased(node, depth);
    const { values, deepest } = this.#bounds;
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    if (this.#left === 0) return this.#refuse(node, tooMany(values));
    if (depth > deepest) return this.#refuse(node, `it is nested deeper than ${deepest}`);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.value(item, depth + 1));
    return isMap(node) ? this.#map(node, depth) : undefined;
  }

  #aliased(alias: Alias, depth: number): unknown {
    const node = this.#aliases.get(alias);
    if (node !== undefined) return this.value(node, depth + 1);
    return this.#refuse(alias, `there is no anchor &${shown(alias.source)} before it`);
  }

  #map(map: YAMLMap, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = Object.create(null);
    const merged: unknown[] = [];
    const names = new Set<string>();
    for (const { key, value } of map.items) {
      const name = keyName(key, this.#aliases);
      const isBad = name === undefined || (name === '__proto__' && !this.#anyKeys);
      if (isBad) this.#refuse(key, `${shownKey(key)} cannot be a key`);
      else if (names.has(name)) this.#refuse(key, 'this key is there twice');
      else if (!this.#anyKeys && isMergeKey(key, this.#aliases)) merged.push(value);
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
    if (this.broken.length < mostMistakes) this.broken.push({ offset: startOf(node) ?? 0, text });
    return undefined;
  }
}

function tooMany(values: number): string {
  return `it holds more than ${values} values, with those that aliases repeat`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shownKey(key: unknown): string {
  if (!isScalar(key)) return 'a list or a map';
  return key.value === null ? 'nothing' : `'${shown(String(key.value))}'`;
}

function shown(text: string): string {
  const short = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
  return short.replace(/\p{Cc}/gu, '?');
}
