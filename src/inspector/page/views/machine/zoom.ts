/** Which part of a drawing is seen: its point at the upper left of the frame, and pixels of the frame per one of the drawing. */
export interface Zoom {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Width and height, pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Where the drawing is seen smaller than this nothing can be read. */
const readable = 0.75;
const smallest = 0.1;
const largest = 4;
/** Around the drawing, pixels of the frame. */
const margin = 8;

/** All of the drawing in the middle of the frame, at its own size at most. */
export function fit(drawing: Extent, frame: Extent): Zoom {
  return centred(drawing, frame, bounded(fitting(drawing, frame)));
}

/** All of the drawing where that can be read; else as much as can, around a point. */
export function readably(
  drawing: Extent,
  frame: Extent,
  point: { readonly x: number; readonly y: number },
): Zoom {
  const all = fitting(drawing, frame);
  if (all >= readable) return fit(drawing, frame);
  const around = {
    x: point.x - frame.width / readable / 2,
    y: point.y - frame.height / readable / 2,
    scale: readable,
  };
  return inside(around, drawing, frame);
}

/** A factor nearer, around a point of the frame that keeps its place. */
export function nearer(zoom: Zoom, factor: number, at: { readonly x: number; readonly y: number }): Zoom {
  const scale = bounded(zoom.scale * factor);
  return {
    x: zoom.x + at.x / zoom.scale - at.x / scale,
    y: zoom.y + at.y / zoom.scale - at.y / scale,
    scale,
  };
}

/** Moved by pixels of the frame; some of the drawing stays to be seen. */
export function moved(zoom: Zoom, drawing: Extent, frame: Extent, x: number, y: number): Zoom {
  const next = { x: zoom.x + x / zoom.scale, y: zoom.y + y / zoom.scale, scale: zoom.scale };
  return {
    ...next,
    x: clamped(next.x, (-0.8 * frame.width) / zoom.scale, drawing.width - (0.2 * frame.width) / zoom.scale),
    y: clamped(
      next.y,
      (-0.8 * frame.height) / zoom.scale,
      drawing.height - (0.2 * frame.height) / zoom.scale,
    ),
  };
}

function fitting(drawing: Extent, frame: Extent): number {
  const wide = (frame.width - 2 * margin) / Math.max(1, drawing.width);
  const high = (frame.height - 2 * margin) / Math.max(1, drawing.height);
  return Math.min(1, wide, high);
}

function centred(drawing: Extent, frame: Extent, scale: number): Zoom {
  return {
    x: (drawing.width - frame.width / scale) / 2,
    y: (drawing.height - frame.height / scale) / 2,
    scale,
  };
}

/** No empty room where there is drawing on the other side. */
function inside(zoom: Zoom, drawing: Extent, frame: Extent): Zoom {
  const whole = centred(drawing, frame, zoom.scale);
  const rim = margin / zoom.scale;
  const right = drawing.width + rim - frame.width / zoom.scale;
  const bottom = drawing.height + rim - frame.height / zoom.scale;
  return {
    x: right < -rim ? whole.x : clamped(zoom.x, -rim, right),
    y: bottom < -rim ? whole.y : clamped(zoom.y, -rim, bottom),
    scale: zoom.scale,
  };
}

function bounded(scale: number): number {
  return clamped(scale, smallest, largest);
}

function clamped(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, Math.min(least, most)), Math.max(least, most));
}
