import type { JsonValue } from '@bufbuild/protobuf';

/**
 * A JSON value as XML: an object's fields become elements of their names, a list's items repeat the element, null is an
 * empty element. A key that is no XML name becomes `<entry key="…">`. Characters that XML cannot hold become U+FFFD.
 */
export function xmlDocument(root: string, value: JsonValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value, '')}`;
}

function element(name: string, value: JsonValue, indent: string): string {
  const open = isName(name) ? name : `entry key="${escapeText(name)}"`;
  const close = isName(name) ? name : 'entry';
  if (value === null || value === '') return `${indent}<${open}/>\n`;
  if (typeof value !== 'object') return `${indent}<${open}>${escapeText(String(value))}</${close}>\n`;
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

function escapeText(text: string): string {
  return (
    text
      // XML 1.0 knows no other control characters, not even as entities.
      .replace(/[^\P{Cc}\t\n\r\u007f-\u009f]|[\p{Cs}\ufffe\uffff]/gu, '\ufffd')
      .replace(/[&<>"\r\n\t]/g, (char) => entities[char] ?? char)
  );
}
