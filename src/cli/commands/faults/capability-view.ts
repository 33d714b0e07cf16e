import type { JsonValue } from '@bufbuild/protobuf';
import { prettyJson } from '../../../client/codecs/json.js';
import { yamlDocument } from '../../../client/codecs/yaml.js';
import type { FaultCapability, GetFaultCapabilitiesResponse } from '../../../gen/postern/v1/faults.js';
import type { Invocation } from '../../invocation.js';
import { listFormatOf } from '../../list-format.js';
import { formatList, type RecordView } from '../../records.js';

/** What a node can do, as `--output` asks for it; JSON and YAML have all that it tells. */
export function showCapabilities(invocation: Invocation, told: GetFaultCapabilitiesResponse): void {
  const { stdout } = invocation.streams;
  const format = listFormatOf(invocation);
  if (format === 'json') stdout.write(prettyJson(capabilitiesJson(told)));
  else if (format === 'yaml') stdout.write(yamlDocument(capabilitiesJson(told)));
  else stdout.write(formatList(format, kindView, told.kinds));
  if (format === 'table') stdout.write(`\n${placesText(told)}`);
}

/** With the field names of the message. */
export function capabilitiesJson(told: GetFaultCapabilitiesResponse): { [name: string]: JsonValue } {
  return {
    ...told,
    kinds: told.kinds.map((kind) => ({ ...kind })),
    relays: told.relays.map((relay) => ({ ...relay })),
  };
}

/** The same in a few lines: each way with what it does, then what cannot be done. */
export function capabilitiesText(told: GetFaultCapabilitiesResponse): string {
  const ways = new Map<string, FaultCapability[]>();
  for (const kind of told.kinds) ways.set(kind.by, [...(ways.get(kind.by) ?? []), kind]);
  const lines = [...ways]
    .toSorted(([one], [other]) => Number(one === '') - Number(other === ''))
    .map(([by, kinds]) => `  ${by === '' ? 'not at all' : `by ${by}`}: ${kindsText(kinds)}\n`);
  return `faults that it can do (more: postern fault kinds NODE):\n${lines.join('')}${placesText(told)}`;
}

/** `partition (daemon, host), pause`. */
function kindsText(kinds: readonly FaultCapability[]): string {
  const scopes = new Map<string, string[]>();
  for (const { kind, scope } of kinds) scopes.set(kind, [...(scopes.get(kind) ?? []), scope]);
  return [...scopes].map(([kind, ofKind]) => `${kind} (${ofKind.join(', ')})`).join(', ');
}

function placesText({ relays, addresses, longestMs }: GetFaultCapabilitiesResponse): string {
  const lines = relays.map(
    ({ node, protocol, listen, target }) =>
      `  relay ${protocol} ${listen} to ${node === '' ? 'this daemon' : `the daemon of ${node}`} at ${target}\n`,
  );
  const found = addresses.length === 0 ? 'nowhere' : `at ${addresses.join(', ')}`;
  return `${lines.join('')}  others find it ${found}; a fault lasts ${longestMs / 1_000} s at most\n`;
}

const kindView: RecordView<FaultCapability> = {
  root: 'kinds',
  element: 'kind',
  name: ({ kind, scope }) => `${kind}/${scope}`,
  json: (kind) => ({ ...kind }),
  columns: [
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'SCOPE', text: ({ scope }) => scope },
    { title: 'BY', text: ({ by }) => by || '-' },
    { title: 'WHY NOT', text: ({ reason }) => reason || '-' },
  ],
};
