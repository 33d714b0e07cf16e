import type { Judgement, Layers } from '../judging/judgement.js';
import { many } from './amounts.js';
import { layerColumns, lostLayers, strayedPairs } from './layers.js';
import { type Column, tableLines } from './terminal-table.js';
import type { Paint } from './terminal-text.js';

interface Row {
  readonly test: string;
  readonly sender: string;
  readonly receiver: string;
  readonly layers: Layers;
}

/** Where messages stayed that did not arrive, of at most `most` pairs, the worst first, then of all. */
export function layerLines(judgement: Judgement, width: number, paint: Paint, most: number): string[] {
  const { layers, tests } = judgement;
  if (layers === undefined || lostLayers.every((layer) => layers[layer] === 0)) return [];
  const found = strayedPairs(tests);
  const rows = found.slice(0, most).map(
    ({ test, pair }): Row => ({
      test,
      sender: pair.sender,
      receiver: pair.receiver ?? '',
      layers: pair.layers,
    }),
  );
  const shown = layerColumns.filter(({ key }) => key === 'arrived' || layers[key] > 0);
  const columns: Column<Row>[] = [
    { title: 'TEST', text: ({ test }) => test, spare: 2 },
    { title: 'SENDER', text: ({ sender }) => sender },
    { title: 'RECEIVER', text: ({ receiver }) => receiver },
    ...shown.map(
      ({ key, title }): Column<Row> => ({
        title: title.toUpperCase(),
        text: (row) => String(row.layers[key]),
        isNumber: true,
        ...(key === 'arrived' ? { spare: 1 } : {}),
      }),
    ),
  ];
  const lines = tableLines(
    columns,
    [...rows, { test: '', sender: 'all', receiver: '', layers }],
    width - 2,
    paint,
  );
  const rest = found.length - rows.length;
  return [
    paint.bold('Where messages stayed'),
    ...[
      ...lines.slice(0, -1),
      ...(rest > 0 ? [paint.dim(`… ${many(rest, 'more pair')}`)] : []),
      ...lines.slice(-1),
    ].map((line) => `  ${line}`),
  ];
}
