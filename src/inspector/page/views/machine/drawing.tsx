import { useMemo } from 'preact/hooks';
import { type Chart, deeds, type EdgeShape, type Rectangle, type StateShape } from './chart.js';
import { EdgeLine } from './edge-line.js';
import { linePath } from './edge-path.js';
import type { Light } from './lit.js';

/** What of a chart stands out. */
export interface Highlights {
  readonly active: ReadonlySet<string>;
  readonly lit: ReadonlyMap<string, Light>;
  /** Another one with each transition, so that an edge that is taken again is lit anew. */
  readonly stamp: string;
  /** Lit edges fade. */
  readonly fading: boolean;
  /** Path of the state that is looked at. */
  readonly chosen: string | undefined;
}

/** The name of a state has so much room in its box, and a line below it, pixels. */
const nameHeight = 28;
const lineHeight = 16;

interface Props extends Highlights {
  readonly chart: Chart;
}

/** The states and edges of a chart, in the coordinates of its layout. */
export function Drawing({ chart, active, lit, stamp, fading, chosen }: Props) {
  const initials = new Set(chart.states.map(({ initial }) => initial));
  const sharing = useMemo(() => sharesLine(chart.edges), [chart]);
  const shapes = new Map(chart.states.map((shape) => [shape.path, shape]));
  return (
    <>
      {chart.states.map((shape) => (
        <State
          key={shape.path}
          shape={shape}
          title={chart.machine}
          tone={toneIn(shapes, shape)}
          region={shapes.get(shape.parent ?? '')?.type === 'parallel' && shape.parent !== undefined}
          first={initials.has(shape.path) && shape.parent !== undefined}
          active={active.has(shape.path)}
          acted={chart.edges.some((edge) => staysIn(edge, shape) && lit.get(edge.id) === 'just')}
          chosen={chosen === shape.path}
        />
      ))}
      {inFront(chart.edges, lit).map((edge) => (
        <EdgeLine
          key={edge.id}
          edge={edge}
          light={lit.get(edge.id)}
          near={edge.source === chosen}
          bare={sharing.has(edge.id) && !lit.has(edge.id) && edge.source !== chosen}
        />
      ))}
      {chart.edges.map((edge) =>
        lit.get(edge.id) === 'just' ? (
          <g key={`${edge.id} ${stamp}`} class={fading ? 'glow fading' : 'glow'}>
            <path d={linePath(edge.points)} />
          </g>
        ) : null,
      )}
    </>
  );
}

/** How a state is to be looked at: by its own tag, or that of the innermost around it. */
function toneIn(shapes: ReadonlyMap<string, StateShape>, shape: StateShape): string {
  const own = shape.tags.find((tag) => ['good', 'warn', 'bad'].includes(tag));
  const around = shape.parent === undefined ? undefined : shapes.get(shape.parent);
  return own ?? (around === undefined ? '' : toneIn(shapes, around));
}

/** Edges between the same states share their line: it is drawn for the first of them, and over that for lit ones. */
function sharesLine(edges: readonly EdgeShape[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(
    edges.flatMap(({ id, source, targets }) => {
      const ends = `${source} ${targets[0]}`;
      return seen.size < seen.add(ends).size ? [] : [id];
    }),
  );
}

function inFront(edges: readonly EdgeShape[], lit: ReadonlyMap<string, Light>): readonly EdgeShape[] {
  return lit.size === 0 ? edges : edges.toSorted((a, b) => Number(lit.has(a.id)) - Number(lit.has(b.id)));
}

function staysIn(edge: EdgeShape, { path }: StateShape): boolean {
  return edge.source === path && edge.points.length === 0;
}

interface StateProps {
  readonly shape: StateShape;
  /** Name of the machine. */
  readonly title: string;
  readonly tone: string;
  readonly region: boolean;
  readonly first: boolean;
  readonly active: boolean;
  readonly acted: boolean;
  readonly chosen: boolean;
}

function State({ shape, title, tone, region, first, active, acted, chosen }: StateProps) {
  const { box, type } = shape;
  const group = type === 'compound' || type === 'parallel';
  const classes = ['box', type, shape.parent === undefined ? 'machine' : '', region ? 'region' : ''];
  classes.push(active ? 'active' : '', acted ? 'acted' : '', chosen ? 'chosen' : '');
  return (
    <g class={classes.filter(Boolean).join(' ')} data-path={shape.path} data-tone={tone}>
      <title>{[shape.path, shape.description].filter(Boolean).join('\n')}</title>
      <rect x={box.x} y={box.y} width={box.width} height={box.height} rx={group ? 8 : 6} />
      {type === 'final' ? (
        <rect class="rim" x={box.x + 3} y={box.y + 3} width={box.width - 6} height={box.height - 6} rx="4" />
      ) : null}
      {first ? <Initial box={box} /> : null}
      {group ? (
        <text x={box.x + 10} y={box.y + 15}>
          {shape.name === '' ? title : shape.name}
        </text>
      ) : (
        <>
          <text x={box.x + box.width / 2} y={box.y + 14} class="middle">
            {shape.name}
          </text>
          <Deeds shape={shape} />
        </>
      )}
    </g>
  );
}

/** A dot and an arrow into what is entered first. */
function Initial({ box }: { readonly box: Rectangle }) {
  return (
    <g class="initial">
      <title>is entered first</title>
      <circle cx={box.x - 9} cy={box.y - 9} r="3.5" />
      <path d={`M${box.x - 9} ${box.y - 9}L${box.x} ${box.y}m-5 -0.5l5 .5l-.5 -5`} />
    </g>
  );
}

/** What a state does, as much as has room in its box; all of it is told beside the drawing. */
function Deeds({ shape }: { readonly shape: StateShape }) {
  const all = deeds(shape);
  const { x, y, width, height } = shape.box;
  const room = Math.floor((height - nameHeight) / lineHeight);
  const letters = Math.floor((width - 12) / 5.6);
  const lines = all.length > room ? [...all.slice(0, room - 1), `and ${all.length - room + 1} more`] : all;
  return (
    <>
      {lines.map((line, index) => (
        <text key={line} class="deed" x={x + 8} y={y + nameHeight + index * lineHeight + 7}>
          {line.length > letters ? `${line.slice(0, letters - 1)}…` : line}
        </text>
      ))}
    </>
  );
}
