import type { DescMessage, JsonValue } from '@bufbuild/protobuf';

/** Codecs that messages are written in. */
export type Codec = 'json' | 'yaml' | 'xml';

/** Names of fields, keys of maps and places in lists that lead from a message to something inside it. */
export type FieldPath = readonly (string | number)[];

/** A place in a text; both count from 1. */
export interface LineAndColumn {
  readonly line: number;
  readonly column: number;
}

/** Where a message is from, for messages about its mistakes. */
export interface MessageOrigin {
  /** `standard input`, `-d` or a file's name. */
  readonly name: string;
  /** Where something inside it stands, or the nearest thing around that which is there. */
  locate(path: FieldPath): LineAndColumn | undefined;
}

/** Knows a type by its full name; undefined when nobody does. */
export type TypeLookup = (fullName: string) => Promise<DescMessage | undefined>;

/** A message as somebody wrote it. */
export interface MessageText extends MessageOrigin {
  /** Its proto3 JSON, read as a message of this type; whether it is one is not looked at. Throws `MESSAGE_INVALID`. */
  json(desc: DescMessage, lookup: TypeLookup): Promise<JsonValue>;
}

/** Cuts a text into messages, as it comes in. Both throw `JSON_INVALID`, `YAML_INVALID`, `XML_INVALID` (exit status 2). */
export interface MessageReader {
  push(text: string): MessageText[];
  /** What is left at the end of the text. */
  end(): MessageText[];
}

/** Longest text of a single message, in characters. */
export const longestMessageText = 256 << 20;

/** A message that was never text. */
export function jsonMessage(json: JsonValue): MessageText {
  return { name: 'the message', json: async () => json, locate: () => undefined };
}

/** `payload.rows[0]["a key"]`; '' for the message itself. */
export function pathText(path: FieldPath): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_@][\w.@]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

/** Line and column of an offset in a text that begins at `start` of something larger. */
export function placeIn(text: string, offset: number, start: LineAndColumn): LineAndColumn {
  const lines = text.slice(0, offset).split('\n');
  const inLast = [...(lines.at(-1) ?? '')].length;
  if (lines.length === 1) return { line: start.line, column: start.column + inLast };
  return { line: start.line + lines.length - 1, column: inLast + 1 };
}
