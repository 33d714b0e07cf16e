import type { JsonValue } from '@bufbuild/protobuf';

/** What a document begins with. */
export const xmlHead = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * A JSON value as XML: an object's fields become elements of their names, a list's items repeat the element, null is an
 * empty element. A key that is no XML name becomes `<entry key="…">`. Characters that XML cannot hold become U+FFFD.
 */
export function xmlDocument(root: string, value: JsonValue): string {
  return `${xmlHead}${element(root, value, '')}`;
}

function element(name: string, value: JsonValue, indent: string): string {
  const open = openTag(name);
  const close = closeTag(name);
  if (value === null || value === '') return `${indent}<${open}/>\n`;
  if (typeof value !== 'object') return `${indent}<${open}>${escapeXml(String(value))}</${close}>\n`;
  const inner = Array.isArray(value)
    ? value.map((item) => element('item', item, `${indent}  `)).join('')
    : Object.entries(value)
        .map(([key, item]) => field(key, item, `${indent}  `))
        .join('');
  return inner === '' ? `${indent}<${open}/>\n` : `${indent}<${open}>\n${inner}${indent}</${close}>\n`;
}

function field(name: string, value: JsonValue, indent: string): string {
  if (!Array.isArray(value)) return element(name, value, indent);
  return value.map((item) => element(name, item, indent)).join('');
}

/**
 * What stands between `<` and `>` at the beginning of an element: `name a="b"`. What is no XML name becomes the key of an
 * `entry`, one that XML cannot hold in base64.
 */
export function openTag(name: string, attributes: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  if (isName(name)) return `${name}${all.join('')}`;
  const key = unfitForXml(name)
    ? `key="${Buffer.from(name).toString('base64')}" key-encoding="base64"`
    : `key="${escapeXml(name)}"`;
  return `entry ${key}${all.join('')}`;
}

/** The name at the end of an element. */
export function closeTag(name: string): string {
  return isName(name) ? name : 'entry';
}

/** A cautious part of XML's names; none may begin with `xml`. */
function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) && !/^xml/i.test(text);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** XML 1.0 knows no other control characters, not even as entities. */
const unfit = /[^\P{Cc}\t\n\r\u007f-\u009f]|[\p{Cs}\ufffe\uffff]/gu;

/** True for a text with characters that XML cannot hold. */
export function unfitForXml(text: string): boolean {
  return text.search(unfit) >= 0;
}

/** The text as it stands in an element or an attribute; characters that XML cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(unfit, '\ufffd').replace(/[&<>"\r\n\t]/g, (char) => entities[char] ?? char);
}
