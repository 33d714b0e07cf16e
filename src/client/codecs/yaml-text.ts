import { type BoundedYaml, boundedYaml } from '../../bounded-yaml.js';
import type { FieldPath, LineAndColumn } from './message-text.js';
import { deepest } from './parse-json.js';

/** Longest YAML document of a message, bytes: its parser takes many times as much memory. Larger messages are written as JSON. */
export const longestYaml = 16 << 20;
const bounds = { bytes: longestYaml, values: 250_000, deepest };

/** A message that is written in YAML: integers are bigints, `!!binary` is bytes, and any text may be a key of a map. */
export function readYaml(text: string): BoundedYaml {
  return boundedYaml(text, bounds, { exact: true, anyKeys: true });
}

/** A place in something larger, in which the document begins at `start`. */
export function placeIn({ line, column }: LineAndColumn, start: LineAndColumn): LineAndColumn {
  return { line: start.line + line - 1, column: line === 1 ? start.column + column - 1 : column };
}

/** Where a value stands in a document, or in JSON, that begins at `start` of something larger; undefined where it is larger than is read. */
export function placeInYaml(text: string, path: FieldPath, start: LineAndColumn): LineAndColumn | undefined {
  const { place, broken } = readYaml(text);
  return broken.length === 0 ? placeIn(place(path), start) : undefined;
}
