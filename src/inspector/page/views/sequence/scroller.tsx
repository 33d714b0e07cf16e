import { Fragment } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { actorKey, type Move, moveKey } from '../machine/model.js';
import type { Column } from './axis.js';
import type { Causes } from './causes.js';
import { Drawing } from './drawing.js';
import { gutter, laneLines, laneWidth, widthOf } from './geometry.js';
import { headsOf, type Lane } from './lanes.js';

interface Props {
  readonly lanes: readonly Lane[];
  readonly column: Column;
  readonly causes: Causes;
  /** Another one where the reader wants to see it otherwise: what is chosen stays in sight then. */
  readonly manner: string;
  readonly chosen: Move | undefined;
  readonly story: ReadonlySet<Move> | undefined;
  readonly tail: boolean;
  readonly setTail: (on: boolean) => void;
  readonly choose: (move: Move | undefined) => void;
}

/** Above and below what is seen so much more is drawn, pixels, so that scrolling shows no gaps. */
const beyond = 300;

/** A sequence that is scrolled, and walked through by keys. */
export function Scroller({ lanes, column, causes, manner, chosen, story, tail, setTail, choose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600, width: 1_000 });
  const wide = laneWidth(lanes.length, seen.width);
  const measure = () => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop: top, clientHeight: height, clientWidth: width } = element;
    setSeen((was) =>
      was.top === top && was.height === height && was.width === width ? was : { top, height, width },
    );
  };
  const scrolled = () => {
    const element = box.current;
    if (element === null) return;
    measure();
    // Who scrolls up wants to stay there.
    if (tail && element.scrollHeight - element.scrollTop - element.clientHeight > 2 * beyond) setTail(false);
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && tail) element.scrollTop = element.scrollHeight;
  }, [column.height, tail, lanes.length, seen.height]);
  useEffect(() => {
    const element = box.current;
    const y = chosen === undefined ? undefined : column.marks.find(({ move }) => move === chosen)?.y;
    if (element === null || y === undefined) return;
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = element;
    if (y < scrollTop || y > scrollTop + clientHeight - 80) element.scrollTop = y - clientHeight / 2;
    const x = laneLines(lanes, wide).get(chosen === undefined ? '' : actorKey(chosen)) ?? 0;
    if (x < scrollLeft + gutter / 2 || x + wide > scrollLeft + clientWidth)
      element.scrollLeft = x - clientWidth / 2;
  }, [chosen, manner, wide]);

  const place = useMemo(() => column.marks.findIndex(({ move }) => move === chosen), [column, chosen]);
  const byClick = ({ target }: MouseEvent) => {
    const key = target instanceof Element ? target.closest('[data-move]')?.getAttribute('data-move') : null;
    const mark = column.marks.find(({ move }) => moveKey(move) === key);
    if (mark !== undefined) choose(mark.move);
  };
  const byKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = nextMark(event.key, place, column, causes, chosen);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  };
  const from = Math.max(0, seen.top - beyond);
  const to = Math.min(column.height, seen.top + seen.height + beyond);
  const width = widthOf(lanes, wide);
  const heads = useMemo(() => headsOf(lanes), [lanes]);
  return (
    // The drawing is one stop for Tab; what is chosen in it is told beside it.
    <div
      ref={box}
      class="scroller"
      tabIndex={0}
      role="slider"
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={column.marks.length}
      aria-valuenow={place + 1}
      aria-valuetext={chosen === undefined ? 'none' : `${actorKey(chosen)}: ${chosen.event}, ${chosen.to}`}
      onClick={byClick}
      aria-label="Sequence: transitions, by arrow keys"
      onScroll={scrolled}
      onKeyDown={byKey}
    >
      <div class="heads" style={{ width: `${width}px`, paddingLeft: `${gutter}px` }}>
        {lanes.map(({ key, gone }) => (
          <span key={key} class={gone ? 'gone' : ''} style={{ width: `${wide}px` }} title={key}>
            <Head of={heads.get(key)} />
          </span>
        ))}
      </div>
      <div class="sheet" style={{ width: `${width}px`, height: `${column.height}px` }}>
        <svg
          role="img"
          aria-label={`Sequence of ${lanes.length} actors, ${column.marks.length} transitions`}
          width={width}
          height={Math.max(0, to - from)}
          viewBox={`0 ${from} ${width} ${Math.max(1, to - from)}`}
          style={{ top: `${from}px` }}
        >
          <Drawing {...{ lanes, wide, column, causes, from, to, chosen, story }} />
        </svg>
      </div>
    </div>
  );
}

/** The machine, and the name below it, which breaks behind its dots where it has no room. */
function Head({ of }: { readonly of: readonly [machine: string, name: string] | undefined }) {
  const parts = of?.[1].split('.') ?? [];
  return (
    <>
      <small>{of?.[0]}</small>{' '}
      {parts.map((part, index) => (
        <Fragment key={part}>
          {index === 0 ? null : '.'}
          {index === 0 ? null : <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  );
}

/** Where a key leads from a mark: to the one above or below, to what led to it, or to what it led to. */
function nextMark(
  key: string,
  at: number,
  { marks }: Column,
  causes: Causes,
  chosen: Move | undefined,
): Move | undefined {
  switch (key) {
    case 'ArrowDown':
      return marks[at + 1]?.move;
    case 'ArrowUp':
      return at < 0 ? marks.at(-1)?.move : marks[at - 1]?.move;
    case 'Home':
      return marks[0]?.move;
    case 'End':
      return marks.at(-1)?.move;
    case 'ArrowLeft':
      return chosen === undefined ? undefined : causes.of(chosen);
    case 'ArrowRight':
      return chosen === undefined ? undefined : causes.effectsOf(chosen)[0];
    default:
      return undefined;
  }
}
