import { boundedYaml } from '../../bounded-yaml.js';
import type { Path } from './mistake.js';

/** Longest file that is read, bytes. */
export const longestFile = 1 << 20;
const bounds = { bytes: longestFile, values: 50_000, deepest: 32 };

/** A YAML file as plain values, with the place of each. */
export interface YamlValues {
  /** Maps are objects without a prototype. Undefined where nothing is written. */
  readonly value: unknown;
  /** `line:column` of a value: of its key, or of the item of a list; else of what is nearest around it. */
  place(path: Path): string;
  /** What is wrong with the file as YAML, each with its `line:column`; then `value` is not to be used. */
  readonly broken: readonly { readonly place: string; readonly text: string }[];
}

/** Reads one YAML document (so JSON too), version 1.2, with merge keys, as `boundedYaml` does. It never throws. */
export function yamlValues(text: string): YamlValues {
  const { value, place, broken } = boundedYaml(text, bounds);
  return {
    value,
    place: (path) => placeText(place(path)),
    broken: broken.map((one) => ({ place: placeText(one), text: one.text })),
  };
}

function placeText({ line, column }: { readonly line: number; readonly column: number }): string {
  return `${line}:${column}`;
}
