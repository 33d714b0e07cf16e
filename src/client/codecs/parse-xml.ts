import { PosternError } from '../../errors.js';
import { placeIn } from './message-text.js';
import { deepest, type TextPosition } from './parse-json.js';

/** An element of an XML document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text in it, of all its pieces together. */
  readonly text: string;
  /** Where it begins in the document, in characters. */
  readonly offset: number;
}

/**
 * Reads one XML document: elements, attributes, text, CDATA, comments. There are no document types and no entities but
 * XML's own five, so nothing is read from elsewhere and nothing grows. Throws `XML_INVALID` (exit status 2) with line
 * and column.
 */
export function parseXml(text: string, start: TextPosition): XmlElement {
  const parser = new Parser(text);
  try {
    return parser.document();
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown;
    const { line, column } = placeIn(text, parser.at, start);
    throw new PosternError(
      'XML_INVALID',
      `${start.name} is not XML: line ${line}, column ${column}: ${thrown.message}`,
      { exitCode: 2 },
    );
  }
}

class Mistake extends Error {}

const namePattern = /[\p{L}_:][\p{L}\p{N}_:.\u00b7-]*/uy;

class Parser {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlElement {
    this.#match(/\ufeff/y);
    this.#between();
    if (this.#text[this.at] !== '<') throw this.#unexpected('an element');
    const root = this.#element(0);
    this.#between();
    if (this.at < this.#text.length) throw this.#unexpected('the end');
    return root;
  }

  /** White space, comments and instructions around the root. */
  #between(): void {
    while (this.#match(/[ \t\r\n]+|<!--.*?-->|<\?.*?\?>/sy) !== undefined);
    if (this.#text.startsWith('<!DOCTYPE', this.at)) throw new Mistake('document types are not read');
  }

  #element(depth: number): XmlElement {
    if (depth > deepest) throw new Mistake(`nested deeper than ${deepest}`);
    const offset = this.at;
    this.at += 1;
    const name = this.#match(namePattern);
    if (name === undefined) throw this.#unexpected('the name of an element');
    const attributes = this.#attributes();
    if (this.#match(/\/>/y) !== undefined) return { name, attributes, children: [], text: '', offset };
    if (this.#match(/>/y) === undefined) throw this.#unexpected(`'>'`);
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      const plain = this.#match(/[^<&]+/y);
      if (plain !== undefined) text += this.#characters(plain.replace(/\r\n?/g, '\n'), plain.length);
      else if (this.#text.startsWith('<![CDATA[', this.at)) text += this.#cdata();
      else if (this.#text[this.at] === '&') text += this.#reference();
      else if (this.#match(/<!--.*?-->|<\?.*?\?>/sy) !== undefined) continue;
      else if (this.#text.startsWith('</', this.at)) break;
      else if (this.at >= this.#text.length) throw new Mistake(`<${name}> is not closed`);
      else children.push(this.#element(depth + 1));
    }
    const at = this.at;
    this.at += 2;
    const closed = this.#match(namePattern);
    if (closed !== name || this.#match(/\s*>/y) === undefined) {
      this.at = at;
      throw new Mistake(`expected </${name}>`);
    }
    return { name, attributes, children, text, offset };
  }

  #attributes(): Map<string, string> {
    const found = new Map<string, string>();
    for (;;) {
      const space = this.#match(/[ \t\r\n]+/y);
      const at = this.at;
      const name = this.#match(namePattern);
      if (name === undefined) return found;
      if (space === undefined) throw this.#unexpected('white space');
      if (this.#match(/\s*=\s*/y) === undefined) throw this.#unexpected("'='");
      const quote = this.#match(/["']/y);
      if (quote === undefined) throw this.#unexpected('a value in quotes');
      let value = '';
      while (this.#match(quote === '"' ? /"/y : /'/y) === undefined) {
        const plain = this.#match(quote === '"' ? /[^<&"]+/y : /[^<&']+/y);
        if (plain !== undefined) value += this.#characters(plain.replace(/[\t\r\n]/g, ' '), plain.length);
        else if (this.#text[this.at] === '&') value += this.#reference();
        else throw this.#unexpected('the end of the value');
      }
      if (found.has(name)) {
        this.at = at;
        throw new Mistake(`the attribute ${name} is there twice`);
      }
      found.set(name, value);
    }
  }

  #cdata(): string {
    const whole = this.#match(/<!\[CDATA\[.*?\]\]>/sy);
    if (whole === undefined) throw new Mistake('CDATA is not closed');
    return this.#characters(whole.slice(9, -3).replace(/\r\n?/g, '\n'), whole.length);
  }

  #reference(): string {
    const [whole, name, decimal, hex] = this.#groups(/&(?:(lt|gt|amp|quot|apos)|#(\d+)|#x([0-9a-fA-F]+));/y);
    if (whole === undefined) throw new Mistake("'&' stands for itself only as &amp;");
    if (name !== undefined) return { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[name] ?? '';
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const inRange = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    if (!inRange) this.at -= whole.length;
    if (!inRange) throw new Mistake(`${whole} is no character`);
    return this.#characters(String.fromCodePoint(code), whole.length);
  }

  /** The text, if XML may hold it; `length` characters of the document were read for it. */
  #characters(text: string, length: number): string {
    if (/[^\P{Cc}\t\n\r\u007f-\u009f]|[\p{Cs}\ufffe\uffff]/u.test(text)) {
      this.at -= length;
      throw new Mistake(
        'there is a character that XML cannot hold; write it as base64, with encoding="base64"',
      );
    }
    return text;
  }

  #match(pattern: RegExp): string | undefined {
    return this.#groups(pattern)[0];
  }

  #groups(pattern: RegExp): readonly (string | undefined)[] {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text) ?? [];
    this.at += found[0]?.length ?? 0;
    return found;
  }

  #unexpected(wanted: string): Mistake {
    const char = this.#text.slice(this.at, this.at + 2).match(/^./su)?.[0];
    return new Mistake(`expected ${wanted}, found ${char === undefined ? 'the end' : JSON.stringify(char)}`);
  }
}
