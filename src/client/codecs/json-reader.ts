import type { DescMessage, JsonValue } from '@bufbuild/protobuf';
import { PosternError } from '../../errors.js';
import { type ExactJson, withoutBigIntegers } from './big-integers.js';
import {
  type FieldPath,
  type LineAndColumn,
  longestMessageText,
  type MessageReader,
  type MessageText,
} from './message-text.js';
import { parseJson, type TextPosition } from './parse-json.js';
import { placeInYaml } from './yaml-text.js';

/** A JSON value that somebody wrote. */
export class JsonText implements MessageText {
  readonly value: ExactJson;
  readonly #text: string;
  readonly #start: TextPosition;

  /** Throws `JSON_INVALID` (exit status 2) with the position. */
  constructor(text: string, start: TextPosition) {
    this.value = parseJson(text, start);
    this.#text = text;
    this.#start = start;
  }

  get name(): string {
    return this.#start.name;
  }

  async json(desc: DescMessage): Promise<JsonValue> {
    return withoutBigIntegers(this.value, desc);
  }

  // JSON is YAML too; only a mistake asks for the place.
  locate(path: FieldPath): LineAndColumn | undefined {
    return placeInYaml(this.#text, path, this.#start);
  }
}

/**
 * Cuts a text of JSON values that follow one another (with or without white space or new lines between them) into
 * values, as the text comes in. Values that stand alone (`{…}`, `[…]`, `"…"`) are given out at their last character.
 */
export class JsonReader implements MessageReader {
  readonly #name: string;
  #rest = '';
  /** How far `#rest` was looked at, and what was seen there. */
  #at = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #started = false;
  /** Where `#rest` begins in the whole text, both counted from 1. */
  #line = 1;
  #column = 1;

  /** `name` says in messages where the text is from: `-d`, `standard input`. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Takes more text; returns the values that it completes. Throws `JSON_INVALID` (exit status 2) with the position. */
  push(text: string): JsonText[] {
    this.#rest += text;
    if (this.#rest.length > longestMessageText) {
      throw new PosternError(
        'JSON_INVALID',
        `${this.#name}: a JSON value is longer than ${longestMessageText} characters`,
        {
          exitCode: 2,
        },
      );
    }
    const values: JsonText[] = [];
    while (this.#at < this.#rest.length) {
      if (this.#step(this.#rest.charAt(this.#at))) values.push(this.#take());
    }
    return values;
  }

  /** The end of the text. Throws as `push` does when a value is not complete. */
  end(): JsonText[] {
    if (!this.#started) return [];
    return [this.#take()];
  }

  /** Looks at one character; true when a value is complete before `#at`. */
  #step(char: string): boolean {
    if (this.#inString) {
      this.#at += 1;
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') {
        this.#inString = false;
        return this.#depth === 0;
      }
      return false;
    }
    const blank = char === ' ' || char === '\n' || char === '\r' || char === '\t';
    if (!this.#started && blank) {
      this.#skip(char);
      return false;
    }
    // A word or number ends where something else begins.
    if (this.#started && this.#depth === 0 && (blank || char === '{' || char === '[' || char === '"'))
      return true;
    this.#started = true;
    this.#at += 1;
    if (char === '"') this.#inString = true;
    else if (char === '{' || char === '[') this.#depth += 1;
    else if (char === '}' || char === ']') {
      this.#depth -= 1;
      return this.#depth <= 0;
    }
    return false;
  }

  #take(): JsonText {
    const text = this.#rest.slice(0, this.#at);
    const value = new JsonText(text, { name: this.#name, line: this.#line, column: this.#column });
    for (const char of text) this.#move(char);
    this.#rest = this.#rest.slice(this.#at);
    this.#at = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#started = false;
    return value;
  }

  #skip(char: string): void {
    this.#move(char);
    this.#rest = this.#rest.slice(1);
  }

  #move(char: string): void {
    if (char === '\n') {
      this.#line += 1;
      this.#column = 1;
    } else this.#column += 1;
  }
}
