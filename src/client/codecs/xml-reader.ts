import type { DescMessage, JsonValue } from '@bufbuild/protobuf';
import { PosternError } from '../../errors.js';
import {
  type FieldPath,
  type LineAndColumn,
  longestMessageText,
  type MessageReader,
  type MessageText,
  placeIn,
  type TypeLookup,
} from './message-text.js';
import type { TextPosition } from './parse-json.js';
import { parseXml, type XmlElement } from './parse-xml.js';
import { fieldNameOf, XmlMisfit, xmlToJson } from './xml-to-json.js';

/** An XML document that somebody wrote. */
class XmlText implements MessageText {
  readonly #root: XmlElement;
  readonly #text: string;
  readonly #start: TextPosition;

  /** Throws `XML_INVALID` (exit status 2) with the position. */
  constructor(text: string, start: TextPosition) {
    this.#root = parseXml(text, start);
    this.#text = text;
    this.#start = start;
  }

  get name(): string {
    return this.#start.name;
  }

  async json(desc: DescMessage, lookup: TypeLookup): Promise<JsonValue> {
    try {
      return await xmlToJson(this.#root, desc, lookup);
    } catch (thrown) {
      if (!(thrown instanceof XmlMisfit)) throw thrown;
      const { line, column } = placeIn(this.#text, thrown.offset, this.#start);
      throw new PosternError(
        'MESSAGE_INVALID',
        `${this.name} does not fit ${desc.typeName}:\n  line ${line}, column ${column}: ${thrown.message}`,
        { exitCode: 2 },
      );
    }
  }

  locate(path: FieldPath): LineAndColumn {
    let at = this.#root;
    let siblings: readonly XmlElement[] = [at];
    for (const part of path) {
      // The items of a list repeat its element.
      const next = typeof part === 'number' ? siblings[part] : undefined;
      siblings = next === undefined ? at.children.filter((child) => fieldNameOf(child) === part) : [next];
      const [first] = siblings;
      if (first === undefined) break;
      at = first;
    }
    return placeIn(this.#text, at.offset, this.#start);
  }
}

/** What ends a piece of markup, by its beginning; the longest beginning first. */
const endings = [
  { begin: '<!--', end: '-->' },
  { begin: '<![CDATA[', end: ']]>' },
  { begin: '<?', end: '?>' },
] as const;

/** Cuts a text of XML documents that follow one another, as it comes in; each is given out at its last character. */
export class XmlReader implements MessageReader {
  readonly #name: string;
  #rest = '';
  #at = 0;
  #depth = 0;
  #started = false;
  #place: LineAndColumn = { line: 1, column: 1 };

  /** `name` says in messages where the text is from. */
  constructor(name: string) {
    this.#name = name;
  }

  push(text: string): MessageText[] {
    this.#rest += text;
    if (this.#rest.length > longestMessageText) {
      throw new PosternError(
        'XML_INVALID',
        `${this.#name}: a document is longer than ${longestMessageText} characters`,
        { exitCode: 2 },
      );
    }
    const found: MessageText[] = [];
    while (this.#toMarkup()) {
      const length = this.#markupLength();
      if (length === undefined) break;
      const markup = this.#rest.slice(this.#at, this.#at + length);
      this.#at += length;
      if (/^<[!?]/.test(markup)) continue;
      this.#started = true;
      if (markup.startsWith('</')) this.#depth -= 1;
      else if (!markup.endsWith('/>')) this.#depth += 1;
      if (this.#depth <= 0) found.push(this.#take());
    }
    return found;
  }

  end(): MessageText[] {
    this.#at = this.#rest.length;
    return this.#started || !isBlank(this.#rest) ? [this.#take()] : [];
  }

  /** Goes on to the next markup; false when there is none yet. */
  #toMarkup(): boolean {
    const next = this.#rest.indexOf('<', this.#at);
    this.#at = next < 0 ? this.#rest.length : next;
    return next >= 0;
  }

  /** Length of the markup at `#at`; undefined while its end has not come. */
  #markupLength(): number | undefined {
    for (const { begin, end } of endings) {
      const head = this.#rest.slice(this.#at, this.#at + begin.length);
      if (head === begin) {
        const to = this.#rest.indexOf(end, this.#at + begin.length);
        return to < 0 ? undefined : to + end.length - this.#at;
      }
      // Too little has come to tell.
      if (head.length < begin.length && begin.startsWith(head)) return undefined;
    }
    const tag = /<(?:"[^"]*"|'[^']*'|[^>"'])*>/y;
    tag.lastIndex = this.#at;
    return tag.exec(this.#rest)?.[0].length;
  }

  #take(): MessageText {
    const text = this.#rest.slice(0, this.#at);
    const made = new XmlText(text, { name: this.#name, ...this.#place });
    this.#place = placeIn(text, text.length, this.#place);
    this.#rest = this.#rest.slice(this.#at);
    this.#at = 0;
    this.#depth = 0;
    this.#started = false;
    return made;
  }
}

/** True where there is nothing but white space, comments and instructions; a pattern of all would try every way to cut them. */
function isBlank(text: string): boolean {
  const piece = /\s+|<\?.*?\?>|<!--.*?-->/sy;
  let at = 0;
  while (piece.test(text)) at = piece.lastIndex;
  return at === text.length;
}
