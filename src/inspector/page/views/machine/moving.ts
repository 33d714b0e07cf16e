import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Extent, fit, moved, nearer, readably, type Zoom } from './zoom.js';

/** By one press of a key: pixels, and how much nearer. */
const stepPixels = 60;
const stepNearer = 1.25;
/** A pointer that moved less was not dragged, pixels. */
const stillPixels = 4;

/** A drawing in a frame, and what the reader does with it. */
export interface Moving {
  readonly zoom: Zoom;
  /** The reader has not moved it: it keeps the point of interest in sight. */
  readonly following: boolean;
  readonly nearer: () => void;
  readonly farther: () => void;
  readonly fit: () => void;
  readonly follow: () => void;
  /** What the element of the frame needs to be moved by pointer, wheel and keys. */
  readonly handlers: {
    readonly tabIndex: number;
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onPointerDown: (event: PointerEvent) => void;
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onClick: (event: MouseEvent) => void;
  };
}

/** Lets a drawing be moved in its frame. `clicked` is told what was clicked, and not dragged. */
export function useMoving(
  element: RefObject<SVGSVGElement | null>,
  drawing: Extent,
  interest: { readonly x: number; readonly y: number },
  clicked: (target: Element) => void,
): Moving {
  const frame = useExtent(element);
  const [chosen, setChosen] = useState<Zoom>();
  const zoom = chosen ?? readably(drawing, frame, interest);
  const dragged = useRef(0);
  useWheel(element, (factor, at) => setChosen((now) => nearer(now ?? zoom, factor, at)));

  const centre = { x: frame.width / 2, y: frame.height / 2 };
  const zoomBy = (factor: number) => setChosen(nearer(zoom, factor, centre));
  const moveBy = (x: number, y: number) => setChosen((now) => moved(now ?? zoom, drawing, frame, x, y));
  const actions = {
    nearer: () => zoomBy(stepNearer),
    farther: () => zoomBy(1 / stepNearer),
    fit: () => setChosen(fit(drawing, frame)),
    follow: () => setChosen(undefined),
  };
  const keys: Readonly<Record<string, () => void>> = {
    '+': actions.nearer,
    '=': actions.nearer,
    '-': actions.farther,
    '0': actions.fit,
    a: actions.follow,
    ArrowLeft: () => moveBy(-stepPixels, 0),
    ArrowRight: () => moveBy(stepPixels, 0),
    ArrowUp: () => moveBy(0, -stepPixels),
    ArrowDown: () => moveBy(0, stepPixels),
  };
  return {
    zoom,
    following: chosen === undefined,
    ...actions,
    handlers: {
      tabIndex: 0,
      onKeyDown: (event) => {
        const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (action === undefined) return;
        event.preventDefault();
        action();
      },
      onPointerDown: () => {
        dragged.current = 0;
      },
      onPointerMove: ({ buttons, movementX, movementY, target }) => {
        // Who drags over text selects it.
        if ((buttons & 1) === 0 || target instanceof SVGTextElement) return;
        dragged.current += Math.abs(movementX) + Math.abs(movementY);
        if (dragged.current >= stillPixels) moveBy(-movementX, -movementY);
      },
      onClick: ({ target }) => {
        if (dragged.current < stillPixels && target instanceof Element) clicked(target);
      },
    },
  };
}

function useExtent(element: RefObject<SVGSVGElement | null>): Extent {
  const [extent, setExtent] = useState<Extent>({ width: 600, height: 420 });
  useLayoutEffect(() => {
    if (element.current === null) return;
    const watcher = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      if (box !== undefined) setExtent({ width: box.width, height: box.height });
    });
    watcher.observe(element.current);
    return () => watcher.disconnect();
  }, []);
  return extent;
}

/** Without a key the wheel turns the page, unless the reader has come into the drawing. */
function useWheel(
  element: RefObject<SVGSVGElement | null>,
  zoomBy: (factor: number, at: { readonly x: number; readonly y: number }) => void,
): void {
  const latest = useRef(zoomBy);
  latest.current = zoomBy;
  useLayoutEffect(() => {
    const frame = element.current;
    if (frame === null) return;
    const byWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && !frame.matches(':focus')) return;
      event.preventDefault();
      const box = frame.getBoundingClientRect();
      latest.current(Math.exp(-event.deltaY / 400), { x: event.clientX - box.x, y: event.clientY - box.y });
    };
    // A listener that may hold the page back has to say so.
    frame.addEventListener('wheel', byWheel, { passive: false });
    return () => frame.removeEventListener('wheel', byWheel);
  }, []);
}
