import { PosternError } from '../../errors.js';
import type { ExactJson } from './big-integers.js';
import { type LineAndColumn, placeIn } from './message-text.js';

/** Where a text begins in something larger, and what that is called. */
export interface TextPosition extends LineAndColumn {
  readonly name: string;
}

/** Deepest nesting that is read, in every codec. */
export const deepest = 512;

/**
 * Reads one JSON value. Integers that may not be rounded, beyond 2^53, become bigints. Throws `JSON_INVALID` (exit status 2) with line and column.
 */
export function parseJson(text: string, start: TextPosition): ExactJson {
  if (!/\d{16}/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // The own parser finds the place.
    }
  }
  const parser = new Parser(text);
  try {
    return parser.whole();
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown;
    const { line, column } = placeIn(text, parser.at, start);
    throw new PosternError(
      'JSON_INVALID',
      `${start.name} is not JSON: line ${line}, column ${column}: ${thrown.message}`,
      {
        exitCode: 2,
      },
    );
  }
}

class Mistake extends Error {}

class Parser {
  at = 0;
  readonly #text: string;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): ExactJson {
    const value = this.#value();
    this.#blank();
    if (this.at < this.#text.length) throw this.#unexpected('the end');
    return value;
  }

  #value(): ExactJson {
    this.#blank();
    const char = this.#text[this.at];
    if (char === '{') return this.#nested(() => this.#object());
    if (char === '[') return this.#nested(() => this.#list());
    if (char === '"') return this.#string();
    const number = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) {
      const value = Number(number);
      return /^-?\d+$/.test(number) && !Number.isSafeInteger(value) ? BigInt(number) : value;
    }
    const word = this.#match(/true|false|null/y);
    if (word === undefined) throw this.#unexpected('a value');
    return word === 'null' ? null : word === 'true';
  }

  #nested(read: () => ExactJson): ExactJson {
    this.#depth += 1;
    if (this.#depth > deepest) throw new Mistake(`nested deeper than ${deepest}`);
    this.at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): ExactJson {
    const object = new Map<string, ExactJson>();
    if (this.#take('}')) return {};
    for (;;) {
      this.#blank();
      if (this.#text[this.at] !== '"') throw this.#unexpected('a name in double quotes');
      const name = this.#string();
      if (!this.#take(':')) throw this.#unexpected("':'");
      object.set(name, this.#value());
      if (this.#take('}')) return Object.fromEntries(object);
      if (!this.#take(',')) throw this.#unexpected("',' or '}'");
    }
  }

  #list(): ExactJson {
    const list: ExactJson[] = [];
    if (this.#take(']')) return list;
    for (;;) {
      list.push(this.#value());
      if (this.#take(']')) return list;
      if (!this.#take(',')) throw this.#unexpected("',' or ']'");
    }
  }

  #string(): string {
    const start = this.at;
    const literal = this.#match(/"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\u007f-\u009f])*"/uy);
    if (literal === undefined) {
      const bad = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\u007f-\u009f])*/uy;
      bad.lastIndex = start;
      this.at = start + (bad.exec(this.#text)?.[0].length ?? 0);
      throw this.#unexpected('the end of the string');
    }
    return String(JSON.parse(literal));
  }

  #take(char: string): boolean {
    this.#blank();
    if (this.#text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  #blank(): void {
    this.#match(/[ \t\r\n]*/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  #unexpected(wanted: string): Mistake {
    const char = this.#text.slice(this.at).match(/^./su)?.[0];
    return new Mistake(`expected ${wanted}, found ${char === undefined ? 'the end' : JSON.stringify(char)}`);
  }
}
