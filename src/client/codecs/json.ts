import type { JsonValue } from '@bufbuild/protobuf';

/** JSON for people: two spaces, one value, a new line at its end. */
export function prettyJson(value: JsonValue): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** JSON for programs: one value on one line. */
export function jsonLine(value: JsonValue): string {
  return `${JSON.stringify(value)}\n`;
}
