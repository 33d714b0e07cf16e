import type { DescMessage, JsonValue } from '@bufbuild/protobuf';
import { PosternError } from '../../errors.js';
import { type ExactJson, withoutBigIntegers } from './big-integers.js';
import type { FieldPath, LineAndColumn, MessageReader, MessageText } from './message-text.js';
import type { TextPosition } from './parse-json.js';
import { longestYaml, placeIn, placeInYaml, readYaml } from './yaml-text.js';

/** A YAML document that somebody wrote. */
class YamlText implements MessageText {
  readonly #value: ExactJson;
  readonly #text: string;
  readonly #start: TextPosition;

  /** Throws `YAML_INVALID` (exit status 2) with the position. */
  constructor(text: string, start: TextPosition) {
    this.#value = parseYaml(text, start);
    this.#text = text;
    this.#start = start;
  }

  get name(): string {
    return this.#start.name;
  }

  async json(desc: DescMessage): Promise<JsonValue> {
    return withoutBigIntegers(this.#value, desc);
  }

  locate(path: FieldPath): LineAndColumn | undefined {
    return placeInYaml(this.#text, path, this.#start);
  }
}

/**
 * Cuts a text of YAML documents at `---` and `...`, as it comes in. A document is given out when the next one begins,
 * at `...`, or at the end of the text; empty ones are left out.
 */
export class YamlReader implements MessageReader {
  readonly #name: string;
  /** The line that is not complete yet. */
  #rest = '';
  #document: string[] = [];
  #length = 0;
  #begun = false;
  #hasContent = false;
  /** Number of the line that comes next, and of the first one of the document. */
  #line = 1;
  #firstLine = 1;

  /** `name` says in messages where the text is from. */
  constructor(name: string) {
    this.#name = name;
  }

  push(text: string): MessageText[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#length + this.#rest.length > longestYaml) {
      throw invalid(this.#name, `a document is longer than ${longestYaml} bytes: write it as JSON`);
    }
    return lines.flatMap((line) => this.#take(`${line}\n`));
  }

  end(): MessageText[] {
    const last = this.#rest === '' ? [] : this.#take(this.#rest);
    this.#rest = '';
    return [...last, ...this.#finish()];
  }

  #take(line: string): MessageText[] {
    const begins = /^---(?:\s|$)/.test(line);
    const ends = /^\.\.\.(?:\s|$)/.test(line);
    // Directives stand before the `---` of their own document.
    const done = (begins && (this.#begun || this.#hasContent)) || ends ? this.#finish() : [];
    this.#line += 1;
    if (ends) {
      this.#firstLine = this.#line;
      return done;
    }
    if (begins) this.#begun = true;
    this.#document.push(line);
    this.#length += line.length;
    const content = begins ? line.slice(3) : /^%/.test(line) && !this.#hasContent ? '' : line;
    if (/^\s*[^\s#]/.test(content)) this.#hasContent = true;
    return done;
  }

  #finish(): MessageText[] {
    const text = this.#document.join('');
    const start = { name: this.#name, line: this.#firstLine, column: 1 };
    const found = this.#hasContent ? [new YamlText(text, start)] : [];
    this.#document = [];
    this.#length = 0;
    this.#begun = false;
    this.#hasContent = false;
    this.#firstLine = this.#line;
    return found;
  }
}

function parseYaml(text: string, start: TextPosition): ExactJson {
  const { value, broken } = readYaml(text);
  const [first] = broken;
  if (first === undefined) return asJson(value);
  const { line, column } = placeIn(first, start);
  throw invalid(start.name, `line ${line}, column ${column}: ${first.text}`);
}

/** YAML's own forms as proto3 JSON has them: bytes in base64, `.nan` and `.inf` by their names. */
function asJson(value: unknown): ExactJson {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, ExactJson] => [key, asJson(inner)]),
  );
}

function invalid(name: string, why: string): PosternError {
  return new PosternError('YAML_INVALID', `${name} is not YAML: ${why}`, { exitCode: 2 });
}
