import { isSecretName, secretText, withoutSecrets } from './secrets.js';

/** Longer texts are cut, in characters; longer names too. */
const [longestText, longestName] = [512, 128];
/** What lies deeper is left out. */
const deepest = 6;
/** What tells of something that was left out takes no more than this, bytes. */
const noteBytes = 40;

/**
 * The facts as they may be shown to anybody: plain JSON, without what is secret by its name or its looks, and no longer
 * than about `mostBytes` as text. What was left out for its length or depth is said in its place.
 */
export function shownFacts(
  facts: Readonly<Record<string, unknown>>,
  mostBytes: number,
): Record<string, unknown> {
  return new Page(mostBytes - (deepest + 1) * noteBytes).object(facts, 0);
}

interface ShownName {
  readonly name: string;
  readonly isSecret: boolean;
  /** Of it and what JSON puts around it. */
  readonly bytes: number;
}

/** Machines use few names, again and again. */
const knownNames = new Map<string, ShownName>();
const mostKnownNames = 1_000;

function shownName(key: string): ShownName {
  const known = knownNames.get(key);
  if (known !== undefined) return known;
  // to set that one would set something else
  const name = key === '__proto__' ? '(__proto__)' : cut(withoutSecrets(key), longestName);
  const shown = { name, isSecret: isSecretName(key), bytes: jsonBytes(name) + 2 };
  if (key.length <= longestName && knownNames.size < mostKnownNames) knownNames.set(key, shown);
  return shown;
}

/** Room for facts, and what was put in it. */
class Page {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  object(facts: object, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = {};
    const entries = Object.entries(facts);
    let looked = 0;
    for (const [key, value] of entries) {
      if (isFact(value)) {
        const { name, isSecret, bytes } = shownName(key);
        if (!this.#takes(bytes)) break;
        const kept = isSecret && !isFlag(value) ? this.#text(secretText) : this.#value(value, depth + 1);
        if (kept === undefined) break;
        shown[name] = kept;
      }
      looked += 1;
    }
    if (looked < entries.length) shown['…'] = leftOut(entries.length - looked);
    return shown;
  }

  #array(values: readonly unknown[], depth: number): unknown[] {
    const shown: unknown[] = [];
    for (const value of values) {
      const kept = this.#value(isFact(value) ? value : null, depth + 1);
      if (kept === undefined) break;
      shown.push(kept);
      this.#leftBytes -= 1;
    }
    if (shown.length < values.length) shown.push(leftOut(values.length - shown.length));
    return shown;
  }

  /** Undefined: there is no room for it. */
  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(cut(withoutSecrets(value), longestText));
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return this.#takes(String(value).length) ? value : undefined;
    }
    if (typeof value !== 'object') return this.#text(String(value));
    if (value instanceof Date || value instanceof URL)
      return this.#value(JSON.parse(JSON.stringify(value)), depth);
    if (value instanceof Error) return this.#text(cut(withoutSecrets(value.message), longestText));
    if (ArrayBuffer.isView(value)) return this.#text(`… ${value.byteLength} bytes`);
    if (!this.#takes(2)) return undefined;
    if (depth >= deepest) return this.#text('… left out');
    if (value instanceof Set) return this.#array([...value], depth);
    if (value instanceof Map) return this.object(Object.fromEntries([...value].map(named)), depth);
    return Array.isArray(value) ? this.#array(value, depth) : this.object(value, depth);
  }

  #text(text: string): string | undefined {
    return this.#takes(jsonBytes(text)) ? text : undefined;
  }

  #takes(bytes: number): boolean {
    this.#leftBytes -= bytes;
    return this.#leftBytes >= 0;
  }
}

/** An entry of a map, whose key may be anything. */
function named([key, value]: readonly [unknown, unknown]): [string, unknown] {
  return [key !== null && typeof key === 'object' ? 'object' : String(key), value];
}

/** What JSON leaves out is no fact. */
function isFact(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}

/** These tell of a secret, and are none. */
function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || value === null;
}

function leftOut(count: number): string {
  return `… ${count} left out`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Length of a text in JSON. */
function jsonBytes(text: string): number {
  return /^[ !#-[\]-~]*$/.test(text) ? text.length + 2 : Buffer.byteLength(JSON.stringify(text));
}
