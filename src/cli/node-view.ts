import type { JsonValue } from '@bufbuild/protobuf';
import type { Node } from '../gen/postern/v1/nodes.js';
import { ago } from '../hub/ago.js';
import type { RecordView } from './records.js';
import type { Style } from './style.js';

/** So much of a hub's instance id is shown in tables. */
const shownIdLength = 8;

/** How `postern nodes` prints a node. `now`: Unix time in milliseconds. */
export function nodeView(style: Style, now: () => number): RecordView<Node> {
  return {
    root: 'nodes',
    element: 'node',
    name: (node) => node.name,
    json: nodeJson,
    columns: [
      { title: 'NAME', text: (node) => node.name, paint: (padded) => style.bold(padded) },
      {
        title: 'STATE',
        text: (node) => node.state,
        paint: (padded, { tags }) => paintState(style, padded, tags),
      },
      { title: 'INSTANCES', text: instancesText },
      { title: 'VIA', text: viaText },
      { title: 'SINCE', text: (node) => sinceText(node, now()) },
      { title: 'CALLS', text: (node) => String(node.calls) },
      { title: 'RTT', text: roundTripText },
      { title: 'LAST SEEN', text: (node) => lastSeenText(node, now()) },
      { title: 'LABELS', text: labelsText },
    ],
  };
}

/** The node with the field names of its message, everything shown. */
export function nodeJson(node: Node): { [name: string]: JsonValue } {
  return {
    ...node,
    keys: node.keys.map((key) => ({ ...key })),
    instances: node.instances.map((instance) => ({ ...instance })),
  };
}

/** The worst of what the machine says of the state counts. */
function paintState(style: Style, padded: string, tags: readonly string[]): string {
  if (tags.includes('bad')) return style.red(padded);
  if (tags.includes('warn')) return style.yellow(padded);
  return tags.includes('good') ? style.green(padded) : style.dim(padded);
}

function instancesText({ instances }: Node): string {
  const ready = instances.filter(({ standing }) => standing === 'ready').length;
  return ready === instances.length ? String(ready) : `${ready}/${instances.length} ready`;
}

/** How its instances are connected, those with a tunnel with the start of the hub's id. */
function viaText({ instances }: Node): string {
  const ways = instances.map(({ transport, hub }) =>
    hub === '' ? transport : `${transport} to ${hub.slice(0, shownIdLength)}`,
  );
  return ways.length === 0 ? '-' : [...new Set(ways)].sort().join(', ');
}

/** When the first of its instances that are there came. */
function sinceText({ instances }: Node, nowMs: number): string {
  return instances.length === 0 ? '-' : ago(Math.min(...instances.map(({ sinceMs }) => sinceMs)), nowMs);
}

/** The shortest round trip, since that is where calls go first. */
function roundTripText({ instances }: Node): string {
  const measured = instances.map(({ roundTripUs }) => roundTripUs).filter((us) => us > 0);
  if (measured.length === 0) return '-';
  const ms = Math.min(...measured) / 1000;
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function lastSeenText(node: Node, nowMs: number): string {
  if (node.instances.some(({ standing }) => standing !== 'suspect')) return 'now';
  return node.lastSeenAtMs === 0 ? 'never' : ago(node.lastSeenAtMs, nowMs);
}

function labelsText({ labels }: Node): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '-' : pairs.toSorted().join(',');
}
