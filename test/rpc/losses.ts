import type { Served } from './harness.js';
import type { MemoryBus, SeenFrame } from './memory-bus.js';

/** Loses messages that hold such a frame, `times` times. */
export function loseFrames(bus: MemoryBus, which: (frame: SeenFrame) => boolean, times = 1): void {
  let left = times;
  bus.lose = (message) => left > 0 && message.frames.some(which) && left-- > 0;
}

/** Frames of this kind. */
export const isKind = (kind: number) => (frame: SeenFrame) => frame.kind === kind;

/** Answers each piece with itself, and the end with trailers. */
export function echoPieces(served: Served): void {
  served.sink.head([]);
  served.onWrite = (chunk) => served.sink.data(Buffer.from(chunk));
  served.onEnd = () => served.sink.trailers(['grpc-status', '0']);
}
