import type { DescField, DescMessage, JsonValue } from '@bufbuild/protobuf';
import { isDynamic } from './big-integers.js';
import { closeTag, escapeXml, openTag, unfitForXml, xmlHead } from './xml.js';
import { hasOwnForm, hasTextForm, wrappedField } from './xml-types.js';

/** Knows the types that stand in the JSON; undefined for others. */
type KnownTypes = (fullName: string) => DescMessage | undefined;

/**
 * A message's proto3 JSON as XML, one document: the root is called as the message, the elements as its fields; a list
 * repeats its element, a map holds one element for each key. JSON of any form says what it is in an attribute `type`,
 * and so does an Any.
 */
export function xmlMessage(desc: DescMessage, json: JsonValue, types: KnownTypes): string {
  const lines: string[] = [];
  new Writer(lines, types).message({ name: desc.name, desc, json, indent: '' });
  return `${xmlHead}${lines.join('')}`;
}

interface Part {
  readonly name: string;
  readonly json: JsonValue;
  readonly indent: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

class Writer {
  readonly #out: string[];
  readonly #types: KnownTypes;

  constructor(out: string[], types: KnownTypes) {
    this.#out = out;
    this.#types = types;
  }

  message({ desc, ...part }: Part & { desc: DescMessage | undefined }): void {
    if (desc !== undefined && isDynamic(desc.typeName)) {
      this.#dynamic(part, !desc.typeName.endsWith('.Value'));
    } else if (
      desc === undefined ||
      hasTextForm(desc) ||
      wrappedField(desc) !== undefined ||
      !isObject(part.json)
    ) {
      this.#leaf(part);
    } else if (desc.typeName === 'google.protobuf.Any') {
      this.#packed(part, part.json);
    } else
      this.#around(part, Object.entries(part.json), (name, json, indent) => {
        const field = desc.fields.find((one) => one.jsonName === name || one.name === name);
        this.#field({ name, json, indent }, field);
      });
  }

  #field(part: Part, field: DescField | undefined): void {
    if (Array.isArray(part.json) && (field === undefined || field.fieldKind === 'list')) {
      for (const json of part.json) this.#single({ ...part, json }, field);
    } else if (field?.fieldKind === 'map' && isObject(part.json)) {
      this.#around(part, Object.entries(part.json), (name, json, indent) =>
        this.#single({ name, json, indent }, field),
      );
    } else this.#single(part, field);
  }

  #single(part: Part, field: DescField | undefined): void {
    if (field?.message !== undefined) this.message({ ...part, desc: field.message });
    else this.#leaf(part);
  }

  #packed(part: Part, { '@type': type, ...inner }: { [key: string]: JsonValue }): void {
    if (typeof type !== 'string') {
      this.#leaf({ ...part, json: '' });
      return;
    }
    const desc = this.#types(type.slice(type.lastIndexOf('/') + 1));
    const attributes = { type };
    const { value } = inner;
    if (desc !== undefined && value !== undefined && hasOwnForm(desc)) {
      this.#around({ ...part, attributes }, [['value', value]], (name, json, indent) =>
        this.message({ name, json, indent, desc }),
      );
    } else this.message({ ...part, json: inner, attributes, desc });
  }

  /** JSON of any form; `plain`: the field's type says that it is an object or a list. */
  #dynamic(part: Part, plain: boolean): void {
    const { json } = part;
    const typed = (type: string): Part => (plain ? part : { ...part, attributes: { type } });
    const inner = (name: string, value: JsonValue, indent: string): void =>
      this.#dynamic({ name, json: value, indent }, false);
    if (json === null) this.#leaf(typed('null'));
    else if (Array.isArray(json))
      this.#around(
        typed('list'),
        json.map((item) => ['item', item]),
        inner,
      );
    else if (isObject(json)) this.#around(typed('object'), Object.entries(json), inner);
    else this.#leaf(typeof json === 'string' ? part : typed(typeof json));
  }

  #around(
    part: Part,
    inner: readonly (readonly [string, JsonValue])[],
    write: (name: string, json: JsonValue, indent: string) => void,
  ): void {
    const { name, indent, attributes = {} } = part;
    if (inner.length === 0) {
      this.#out.push(`${indent}<${openTag(name, attributes)}/>\n`);
      return;
    }
    this.#out.push(`${indent}<${openTag(name, attributes)}>\n`);
    for (const [key, json] of inner) write(key, json, `${indent}  `);
    this.#out.push(`${indent}</${closeTag(name)}>\n`);
  }

  #leaf({ name, json, indent, attributes = {} }: Part): void {
    const text = json === null || typeof json === 'object' ? '' : String(json);
    const unfit = unfitForXml(text);
    const tag = openTag(name, unfit ? { ...attributes, encoding: 'base64' } : attributes);
    const shown = unfit ? Buffer.from(text).toString('base64') : escapeXml(text);
    this.#out.push(shown === '' ? `${indent}<${tag}/>\n` : `${indent}<${tag}>${shown}</${closeTag(name)}>\n`);
  }
}

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
