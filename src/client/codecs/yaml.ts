import type { JsonValue } from '@bufbuild/protobuf';
import { stringify } from 'yaml';

/** One YAML document, with `---` before it so that several may follow one another. */
export function yamlDocument(value: JsonValue): string {
  return `---\n${stringify(value, { lineWidth: 0 })}`;
}
