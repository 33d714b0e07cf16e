import type { JsonValue } from '@bufbuild/protobuf';

/** Stands for the message's text within any string of a template. */
const textMark = '{{body}}';
/** Stands for the message in base64, for a field of bytes. */
const bytesMark = '{{body:base64}}';

/** The request for one message: the template with the message where its marks are. */
export function filled(template: JsonValue, body: Uint8Array): JsonValue {
  const text = Buffer.from(body).toString('utf8');
  const base64 = Buffer.from(body).toString('base64');
  const fill = (value: JsonValue): JsonValue => {
    if (typeof value === 'string')
      return value.replaceAll(bytesMark, () => base64).replaceAll(textMark, () => text);
    if (Array.isArray(value)) return value.map(fill);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]));
  };
  return fill(template);
}
