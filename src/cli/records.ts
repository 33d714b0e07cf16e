import type { JsonValue } from '@bufbuild/protobuf';
import { jsonLine, prettyJson } from '../client/codecs/json.js';
import { xmlDocument } from '../client/codecs/xml.js';
import { yamlDocument } from '../client/codecs/yaml.js';

/** Forms that a list of things can be printed in. */
export type ListFormat = 'table' | 'json' | 'jsonl' | 'yaml' | 'xml' | 'name';

/** A column of the table. */
export interface Column<T> {
  readonly title: string;
  text(item: T): string;
  /** Colours the padded text. */
  paint?(padded: string, item: T): string;
}

/** How a kind of thing is printed. */
export interface RecordView<T> {
  /** Names of the list and of one thing, in XML. */
  readonly root: string;
  readonly element: string;
  readonly columns: readonly Column<T>[];
  name(item: T): string;
  json(item: T): JsonValue;
}

/** A whole list in one form. */
export function formatList<T>(format: ListFormat, view: RecordView<T>, items: readonly T[]): string {
  switch (format) {
    case 'table':
      return formatTable(view.columns, items);
    case 'json':
      return prettyJson(items.map(view.json));
    case 'yaml':
      return yamlDocument(items.map(view.json));
    case 'xml':
      return xmlDocument(view.root, { [view.element]: items.map(view.json) });
    default:
      return items.map((item) => formatOne(format, view, item)).join('');
  }
}

/** One thing of a list that comes bit by bit; a table's columns are as wide as the values that came before. */
export function formatOne<T>(
  format: ListFormat,
  view: RecordView<T>,
  item: T,
  widths: readonly number[] = [],
): string {
  switch (format) {
    case 'table':
      return row(view.columns, item, widths);
    case 'name':
      return `${view.name(item)}\n`;
    case 'json':
      return prettyJson(view.json(item));
    case 'jsonl':
      return jsonLine(view.json(item));
    case 'yaml':
      return yamlDocument(view.json(item));
    case 'xml':
      return xmlDocument(view.element, view.json(item));
  }
}

/** How wide each column must be for these things. */
export function widthsOf<T>(columns: readonly Column<T>[], items: readonly T[]): number[] {
  return columns.map(({ title, text }) =>
    Math.max(title.length, ...items.map((item) => [...text(item)].length)),
  );
}

/** The titles, padded. */
export function headOf<T>(columns: readonly Column<T>[], widths: readonly number[]): string {
  return `${columns
    .map(({ title }, i) => pad(title, widths[i]))
    .join('  ')
    .trimEnd()}\n`;
}

function formatTable<T>(columns: readonly Column<T>[], items: readonly T[]): string {
  const widths = widthsOf(columns, items);
  return headOf(columns, widths) + items.map((item) => row(columns, item, widths)).join('');
}

function row<T>(columns: readonly Column<T>[], item: T, widths: readonly number[]): string {
  const cells = columns.map(({ text, paint }, i) => {
    const last = i === columns.length - 1;
    const padded = last ? text(item) : pad(text(item), widths[i]);
    return paint === undefined ? padded : paint(padded, item);
  });
  return `${cells.join('  ')}\n`;
}

function pad(text: string, width = 0): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}
