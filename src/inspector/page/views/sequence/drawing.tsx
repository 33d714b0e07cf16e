import { clockTime } from '../../parts/format.js';
import { zone } from '../../settings.js';
import { actorKey, type Move, moveKey } from '../machine/model.js';
import { type Column, type Mark, marksBetween, thinned } from './axis.js';
import type { Causes } from './causes.js';
import { arrowOf, arrowPath, laneLines, markText } from './geometry.js';
import type { Lane } from './lanes.js';

interface Props {
  readonly lanes: readonly Lane[];
  /** Width of a lane, pixels. */
  readonly wide: number;
  readonly column: Column;
  readonly causes: Causes;
  /** The part that is seen, pixels from above. */
  readonly from: number;
  readonly to: number;
  readonly chosen: Move | undefined;
  /** What is lit; undefined: nothing is, and nothing else is dim. */
  readonly story: ReadonlySet<Move> | undefined;
}

/** Marks of one lane are not drawn closer than this, pixels; beside each there is a text. */
const apart = 13;

/** The part of a sequence that is seen. What lies out of sight is not drawn, however long it is. */
export function Drawing({ lanes, wide, column, causes, from, to, chosen, story }: Props) {
  const lines = laneLines(lanes, wide);
  const seen = thinned(marksBetween(column, from, to), ({ move }) => actorKey(move), apart);
  return (
    <>
      {[...lines].map(([key, x]) => (
        <path key={key} class="lane" d={`M${x} ${from}V${to}`} />
      ))}
      <Times marks={seen.map(({ mark }) => mark)} />
      {story === undefined ? null : <Threads {...{ column, causes, story, lines }} />}
      {seen.map(({ mark, behind }) => (
        <MarkShape
          key={moveKey(mark.move)}
          x={lines.get(actorKey(mark.move)) ?? 0}
          arrow={arrowOf(mark, lines)}
          tone={story === undefined ? '' : story.has(mark.move) ? 'lit' : 'dim'}
          chosen={mark.move === chosen}
          {...{ mark, behind, wide }}
        />
      ))}
    </>
  );
}

interface MarkProps {
  readonly mark: Mark;
  readonly x: number;
  readonly behind: number;
  readonly wide: number;
  readonly arrow: ReturnType<typeof arrowOf>;
  readonly tone: string;
  readonly chosen: boolean;
}

function MarkShape({ mark: { move, y }, x, behind, wide, arrow, tone, chosen }: MarkProps) {
  const title = `${actorKey(move)}: ${move.event} from ${move.from || 'nothing'} to ${move.to || 'its end'}${move.by === '' ? '' : `, by ${move.by}`}`;
  return (
    <g class={`mark ${tone} ${chosen ? 'chosen' : ''}`} data-move={moveKey(move)}>
      <title>{title}</title>
      {arrow === undefined ? null : <path class="arrow" d={arrowPath(arrow)} />}
      <circle cx={x} cy={y} r={chosen ? 7 : 4.5} />
      <text x={x + 10} y={y}>
        {markText(move, behind, wide)}
      </text>
    </g>
  );
}

/** When the marks were, as often as there is room. */
function Times({ marks }: { readonly marks: readonly Mark[] }) {
  let free = Number.NEGATIVE_INFINITY;
  const roomy = marks
    .toSorted((a, b) => a.y - b.y)
    .filter(({ y }) => {
      if (y < free) return false;
      free = y + apart;
      return true;
    });
  return (
    <>
      {roomy.map(({ move, y }) => (
        <text key={moveKey(move)} class="time" x={4} y={y}>
          {clockTime(move.atMs, zone.value, true)}
        </text>
      ))}
    </>
  );
}

interface ThreadsProps {
  readonly column: Column;
  readonly causes: Causes;
  readonly story: ReadonlySet<Move>;
  readonly lines: ReadonlyMap<string, number>;
}

/** Along the lane of whose doing something was: from what led to it down to where the arrow begins. */
function Threads({ column, causes, story, lines }: ThreadsProps) {
  const heights = new Map(column.marks.filter(({ move }) => story.has(move)).map(({ move, y }) => [move, y]));
  const parts = [...story].map((move) => {
    const cause = causes.of(move);
    const x = lines.get(move.by);
    const [above, below] = [cause === undefined ? undefined : heights.get(cause), heights.get(move)];
    return x === undefined || above === undefined || below === undefined ? '' : `M${x} ${above}V${below}`;
  });
  return <path class="thread" d={parts.join('')} />;
}
