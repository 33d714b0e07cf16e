import { type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf';
import { isDynamic } from './big-integers.js';
import type { TypeLookup } from './message-text.js';
import type { XmlElement } from './parse-xml.js';
import { hasOwnForm, hasTextForm, wrappedField } from './xml-types.js';

/** An element that does not fit where it stands. */
export class XmlMisfit extends Error {
  /** Where the element begins in the document. */
  readonly offset: number;

  constructor(message: string, { offset }: XmlElement) {
    super(message);
    this.offset = offset;
  }
}

/** The field or key that an element stands for: its name, or the `key` of an `<entry>`. */
export function fieldNameOf(element: XmlElement): string {
  const key = element.name === 'entry' ? element.attributes.get('key') : undefined;
  if (key === undefined) return element.name;
  return element.attributes.get('key-encoding') === 'base64' ? fromBase64(key) : key;
}

/**
 * The proto3 JSON of a message that is written as XML. What fits no field is left as it is, for whoever reads the JSON
 * to tell. Throws `XmlMisfit`.
 */
export async function xmlToJson(root: XmlElement, desc: DescMessage, lookup: TypeLookup): Promise<JsonValue> {
  if (root.name !== desc.name && root.name !== desc.typeName) {
    throw new XmlMisfit(`the root is <${root.name}>, and must be <${desc.name}>`, root);
  }
  return message(root, desc, lookup);
}

async function message(element: XmlElement, desc: DescMessage, lookup: TypeLookup): Promise<JsonValue> {
  const wrapped = wrappedField(desc);
  if (wrapped !== undefined) return single(element, wrapped, lookup);
  if (isDynamic(desc.typeName)) return dynamic(element, defaultForms[desc.typeName]);
  if (hasTextForm(desc)) return element.children.length === 0 ? element.text.trim() : loose(element);
  if (desc.typeName === 'google.protobuf.Any') return packed(element, lookup);
  if (element.text.trim() !== '') return element.text.trim();
  return fields(element.children, desc, lookup);
}

/** What an element of these types is where it does not say so itself. */
const defaultForms: Readonly<Record<string, string>> = {
  'google.protobuf.Struct': 'object',
  'google.protobuf.ListValue': 'list',
};

async function fields(
  children: readonly XmlElement[],
  desc: DescMessage,
  lookup: TypeLookup,
): Promise<{ [key: string]: JsonValue }> {
  const json = new Map<string, JsonValue>();
  for (const child of children) {
    const name = fieldNameOf(child);
    const field = desc.fields.find((one) => one.jsonName === name || one.name === name);
    if (field?.fieldKind === 'list') {
      const earlier = json.get(name);
      json.set(name, [...(Array.isArray(earlier) ? earlier : []), await single(child, field, lookup)]);
      continue;
    }
    if (json.has(name)) throw new XmlMisfit(`<${child.name}> is there twice: ${name} is no list`, child);
    if (field === undefined) json.set(name, loose(child));
    else if (field.fieldKind === 'map') json.set(name, await map(child, field, lookup));
    else json.set(name, await single(child, field, lookup));
  }
  return Object.fromEntries(json);
}

async function map(element: XmlElement, field: DescField, lookup: TypeLookup): Promise<JsonValue> {
  const entries = new Map<string, JsonValue>();
  for (const child of element.children) {
    const key = fieldNameOf(child);
    if (entries.has(key)) throw new XmlMisfit(`the key ${JSON.stringify(key)} is there twice`, child);
    entries.set(key, await single(child, field, lookup));
  }
  return element.text.trim() === '' ? Object.fromEntries(entries) : element.text.trim();
}

async function single(element: XmlElement, field: DescField, lookup: TypeLookup): Promise<JsonValue> {
  if (field.message !== undefined) return message(element, field.message, lookup);
  if (element.children.length > 0) return loose(element);
  if (field.scalar === ScalarType.STRING) return textOf(element);
  const text = element.text.trim();
  if (field.enum !== undefined) {
    if (text === '' && field.enum.typeName === 'google.protobuf.NullValue') return null;
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }
  if (field.scalar === ScalarType.BOOL) return text === 'true' ? true : text === 'false' ? false : text;
  return field.scalar === ScalarType.BYTES ? text.replace(/\s+/g, '') : text;
}

/** The content of a `google.protobuf.Any`, whose type the attribute `type` names. */
async function packed(element: XmlElement, lookup: TypeLookup): Promise<JsonValue> {
  const type = element.attributes.get('type');
  if (type === undefined) {
    if (element.children.length === 0 && element.text.trim() === '') return {};
    throw new XmlMisfit(
      `<${element.name}> needs an attribute type="type.googleapis.com/…": it holds any type`,
      element,
    );
  }
  const desc = await lookup(type.slice(type.lastIndexOf('/') + 1));
  if (desc === undefined) return { '@type': type };
  const own = hasOwnForm(desc) ? await value(element, desc, lookup) : await message(element, desc, lookup);
  return typeof own === 'object' && own !== null && !Array.isArray(own) ? { '@type': type, ...own } : own;
}

/** What has a JSON form of its own stands in an Any as its `value`. */
async function value(element: XmlElement, desc: DescMessage, lookup: TypeLookup): Promise<JsonValue> {
  const [child] = element.children;
  if (child === undefined || child.name !== 'value' || element.children.length > 1) {
    throw new XmlMisfit(
      `<${element.name}> must hold one <value>: ${desc.typeName} is no list of fields`,
      element,
    );
  }
  return { value: await message(child, desc, lookup) };
}

/** JSON of any form; the attribute `type` says which, where it is no text. */
function dynamic(element: XmlElement, form = element.children.length > 0 ? 'object' : 'string'): JsonValue {
  const wanted = element.attributes.get('type') ?? form;
  switch (wanted) {
    case 'object': {
      const entries = element.children.map((child): [string, JsonValue] => [
        fieldNameOf(child),
        dynamic(child),
      ]);
      return Object.fromEntries(entries);
    }
    case 'list':
      return element.children.map((child) => dynamic(child));
    case 'null':
      return null;
    case 'boolean':
      return element.text.trim() === 'true';
    case 'number': {
      const number = Number(element.text);
      if (element.text.trim() !== '' && Number.isFinite(number)) return number;
      throw new XmlMisfit(`'${element.text.trim()}' is no number`, element);
    }
    case 'string':
      return textOf(element);
    default:
      throw new XmlMisfit(
        `type="${wanted}" is not one of object, list, string, number, boolean, null`,
        element,
      );
  }
}

/** An element that stands for no field that is known. */
function loose(element: XmlElement): JsonValue {
  if (element.children.length === 0) return element.text;
  return Object.fromEntries(element.children.map((child) => [fieldNameOf(child), loose(child)]));
}

function textOf({ text, attributes }: XmlElement): string {
  return attributes.get('encoding') === 'base64' ? fromBase64(text) : text;
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
