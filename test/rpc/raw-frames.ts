import { Head, Open, Trailers } from '../../src/gen/postern/bus/v1/frame.js';
import { frameKind, headerBytes, writeHeader } from '../../src/rpc/frame.js';
import type { Member, MemoryBus, SeenFrame } from './memory-bus.js';

/** The bytes of a frame. */
export function frame(
  kind: number,
  flags: number,
  id: number,
  offset = 0,
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(headerBytes + body.length);
  writeHeader(bytes, 0, kind, flags, id, offset, body.length);
  bytes.set(body, headerBytes);
  return bytes;
}

/** Bodies that fit. */
export const openBody = Open.encode(Open.fromPartial({ path: '/a.B/C', window: 1000 })).finish();
export const headBody = Head.encode({ metadata: [] }).finish();
export const trailersBody = Trailers.encode({ metadata: ['grpc-status', '0'] }).finish();
/** A body that no message has. */
export const junk = Buffer.from([0xff, 0xff, 0xff]);
export const name = (text: string): Uint8Array => Head.encode({ metadata: [text, 'x'] }).finish();
export const value = (text: string): Uint8Array => Head.encode({ metadata: ['x', text] }).finish();

/** Id of the last call that a hub opened. */
export function lastId(bus: MemoryBus, member: Member): number {
  const opens = bus.messages
    .filter((message) => message.from === member.self)
    .flatMap((message) => message.frames)
    .filter((one: SeenFrame) => one.kind === frameKind.open);
  return opens.at(-1)?.id ?? 0;
}
