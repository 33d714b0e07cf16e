import type { JsonValue } from '@bufbuild/protobuf';
import { prettyJson } from '../../../client/codecs/json.js';
import { yamlDocument } from '../../../client/codecs/yaml.js';
import { faultDirections, faultKinds, faultScopes, faultWays } from '../../../fault-kinds.js';
import { faultWords } from '../../../fault-words.js';
import type { Fault } from '../../../gen/postern/v1/faults.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';
import { type Style, styleFor } from '../../style.js';

type Row = { [name: string]: JsonValue };

/** Prints faults in the form that `--output` asks for. */
export function showFaults(invocation: Invocation, faults: readonly Fault[]): void {
  show(invocation, faults, faultView(styleFor(invocation.streams.stdout, invocation.env)));
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
    json: faultJson,
    columns: [
      { title: 'RUN', text: ({ run }) => run },
      { title: 'FAULT', text: ({ fault }) => fault },
      { title: 'WHAT', text: whatText },
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
      {
        title: 'PROOF',
        text: ({ proof }) => proof?.outcome || '-',
        paint: (padded, { proof }) => paintOutcome(style, padded, proof?.outcome),
      },
      { title: 'WHY', text: whyText },
    ],
  };
}

/** All of it, with the field names of its message. */
function faultJson({ shape, proof, ...fault }: Fault): Row {
  return {
    ...fault,
    ...(shape && { shape: { ...shape, from: shape.from.map((peer) => ({ ...peer })) } }),
    ...(proof && { proof: { ...proof, sights: proof.sights.map((sight) => ({ ...sight })) } }),
  };
}

/** `loss, 10 %, hub`. */
function whatText({ kind, shape }: Fault): string {
  const known = faultKinds.find((one) => one === kind);
  if (known === undefined || shape === undefined) return kind;
  const { scope, direction, way, ...amounts } = shape;
  return faultWords(known, {
    ...amounts,
    scope: faultScopes.find((one) => one === scope),
    direction: faultDirections.find((one) => one === direction),
    way: faultWays.find((one) => one === way),
  });
}

/** Why it is not as planned, and why it is not proven. */
function whyText({ reason, proof }: Fault): string {
  const doubt = proof === undefined || proof.outcome === 'confirmed' ? '' : proof.reason;
  return [reason, doubt].filter((text) => text !== '').join('; ') || '-';
}

function paintOutcome(style: Style, padded: string, outcome: string | undefined): string {
  if (outcome === 'confirmed') return style.green(padded);
  if (outcome === 'mismatch') return style.red(padded);
  return outcome === 'inconclusive' ? style.yellow(padded) : padded;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
