import { prettyJson } from '../../../client/codecs/json.js';
import { yamlDocument } from '../../../client/codecs/yaml.js';
import type { Fault, FaultCapability } from '../../../gen/postern/v1/faults.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';
import { type Style, styleFor } from '../../style.js';

type Row = { [name: string]: string | number };

/** Prints faults in the form that `--output` asks for. */
export function showFaults(invocation: Invocation, faults: readonly Fault[]): void {
  show(invocation, faults, faultView(styleFor(invocation.streams.stdout, invocation.env)));
}

/** Prints kinds of faults in the same way. */
export function showKinds(invocation: Invocation, kinds: readonly FaultCapability[]): void {
  show(invocation, kinds, kindView);
}

function show<T>(
  invocation: Invocation,
  items: readonly T[],
  view: RecordView<T> & { json(item: T): Row },
): void {
  const { stdout } = invocation.streams;
  const format = listFormatOf(invocation);
  const whole = { [view.root]: items.map(view.json) };
  if (format === 'json') stdout.write(prettyJson(whole));
  else if (format === 'yaml') stdout.write(yamlDocument(whole));
  else stdout.write(formatList(format, view, items));
}

function faultView(style: Style): RecordView<Fault> & { json(fault: Fault): Row } {
  return {
    root: 'faults',
    element: 'fault',
    name: ({ fault }) => fault,
    json: (fault) => ({ ...fault }),
    columns: [
      { title: 'RUN', text: ({ run }) => run },
      { title: 'FAULT', text: ({ fault }) => fault },
      { title: 'KIND', text: ({ kind }) => kind },
      {
        title: 'STATE',
        text: ({ state }) => state,
        paint: (padded, { state }) =>
          ['refused', 'missed', 'stuck'].includes(state)
            ? style.red(padded)
            : state === 'healed'
              ? style.green(padded)
              : padded,
      },
      { title: 'PLANNED', text: ({ atMs }) => instant(atMs) },
      { title: 'FOR', text: ({ forMs }) => seconds(forMs) },
      { title: 'BY', text: ({ by }) => by || '-' },
      {
        title: 'ACTED',
        text: ({ injectedAtMs, healedAtMs }) =>
          injectedAtMs > 0 && healedAtMs > 0 ? seconds(healedAtMs - injectedAtMs) : '-',
      },
      { title: 'DROPPED', text: ({ dropped, by }) => (by === 'nft' ? String(dropped) : '-') },
      { title: 'WHY', text: ({ reason }) => reason || '-' },
    ],
  };
}

const kindView: RecordView<FaultCapability> & { json(kind: FaultCapability): Row } = {
  root: 'kinds',
  element: 'kind',
  name: ({ kind }) => kind,
  json: (kind) => ({ ...kind }),
  columns: [
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'BY', text: ({ by }) => by || '-' },
    { title: 'WHY NOT', text: ({ reason }) => reason || '-' },
  ],
};

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
