import type { ElkExtendedEdge, ElkNode } from 'elkjs';
import type { DefinedEdge, DefinedState, MachineDefinition } from '../../../machines/definition.js';
import type { Box, Point } from '../../gen/postern/v1/inspector.js';
import { type Drawing, type DrawnEdge, labelOf } from './drawing.js';
import { letterSize, textWidth } from './text-width.js';

/** Heights of a label's line and of the name of a state, pixels. */
const lineHeight = 16;
const nameHeight = 28;
const smallest = 72;
/** So much of what a state does is written in it: lines, and pixels. */
const mostDeeds = 3;
const widestDeed = 260;

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '28',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.edgeLabels.sideSelection': 'SMART_DOWN',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'TAIL_LAYER',
};
/** Room for the name of a state that others lie in. */
const padding = `[top=${nameHeight + 12},left=16,bottom=16,right=16]`;

/** Edges between the same two states are one line, with a label of several lines. */
interface Bundle {
  readonly source: string;
  readonly target: string;
  readonly edges: DefinedEdge[];
}

/** The graph that is laid out. Ids of nodes are paths with a `/` in front, of lines their number. */
export function graphOf({ root, edges, machine }: MachineDefinition): ElkNode {
  return {
    id: 'drawing',
    layoutOptions: options,
    children: [nodeOf(root, machine)],
    edges: bundles(edges).map(lineOf),
  };
}

/** What the layout says. Undefined where it leaves something out. */
export function drawingOf({ edges }: MachineDefinition, laidOut: ElkNode): Drawing | undefined {
  const states = new Map<string, Box>();
  takeBoxes(laidOut.children ?? [], states);
  const lines = new Map((laidOut.edges ?? []).map((line) => [line.id, line]));
  const drawn = new Map<string, DrawnEdge>();
  for (const [i, bundle] of bundles(edges).entries()) {
    const line = lines.get(String(i));
    const points = line === undefined ? [] : pointsOf(line);
    const label = line?.labels?.[0];
    if (points.length < 2 || label === undefined) return undefined;
    const { x = 0, y = 0, width = 0 } = label;
    for (const [row, { id }] of bundle.edges.entries()) {
      drawn.set(id, { points, label: { x, y: y + row * lineHeight, width, height: lineHeight } });
    }
  }
  return { states, edges: drawn };
}

function nodeOf(state: DefinedState, name: string): ElkNode {
  const { path, states } = state;
  const width = Math.max(smallest, textWidth(name, letterSize + 1) + 28);
  const id = `/${path}`;
  if (states.length === 0) {
    const deeds = [
      ...state.invokes.map((deed) => `runs ${deed}`),
      ...state.entry.map((deed) => `entry ${deed}`),
      ...state.exit.map((deed) => `exit ${deed}`),
    ];
    return {
      id,
      width: Math.max(width, ...deeds.slice(0, mostDeeds).map(deedWidth)),
      height: nameHeight + Math.min(mostDeeds, deeds.length) * lineHeight,
    };
  }
  return {
    id,
    layoutOptions: {
      // Children do not inherit them.
      ...options,
      'elk.padding': padding,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${2 * nameHeight})`,
    },
    children: states.map((child) => nodeOf(child, child.path.slice(child.path.lastIndexOf('.') + 1))),
  };
}

/** Room for a line of what a state does; a name that is longer than anybody reads is cut off. */
function deedWidth(text: string): number {
  return Math.min(widestDeed, Math.max(textWidth(text, letterSize - 1), text.length * 5.6) + 16);
}

function bundles(edges: readonly DefinedEdge[]): Bundle[] {
  const found = new Map<string, Bundle>();
  for (const edge of edges) {
    const { source, targets } = edge;
    const [target] = targets;
    if (target === undefined) continue;
    const key = `${source} ${target}`;
    const bundle = found.get(key);
    if (bundle === undefined) found.set(key, { source, target, edges: [edge] });
    else bundle.edges.push(edge);
  }
  return [...found.values()];
}

function lineOf({ source, target, edges }: Bundle, index: number): ElkExtendedEdge {
  const texts = edges.map(labelOf);
  const width = Math.max(...texts.map((text) => textWidth(text))) + 4;
  return {
    id: String(index),
    sources: [`/${source}`],
    targets: [`/${target}`],
    labels: [
      {
        text: texts.join('\n'),
        width,
        height: texts.length * lineHeight,
        layoutOptions: { 'elk.edgeLabels.placement': 'CENTER' },
      },
    ],
  };
}

function takeBoxes(nodes: readonly ElkNode[], into: Map<string, Box>): void {
  for (const { id, x = 0, y = 0, width = 0, height = 0, children = [] } of nodes) {
    into.set(id.slice(1), { x, y, width, height });
    takeBoxes(children, into);
  }
}

function pointsOf({ sections = [] }: ElkExtendedEdge): Point[] {
  return sections.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x, y })),
  );
}
