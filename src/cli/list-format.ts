import type { Invocation } from './invocation.js';
import type { ListFormat } from './records.js';

const formats: readonly ListFormat[] = ['table', 'json', 'jsonl', 'yaml', 'xml', 'name'];

/** What `--output` says, of a command whose `--output` takes these forms. */
export function listFormatOf(invocation: Invocation): ListFormat {
  const wanted = invocation.options.text('output');
  return formats.find((format) => format === wanted) ?? 'table';
}
