import { Head, Open, Sync } from '../../../src/gen/postern/bus/v1/frame.js';
import { frameFlag, frameKind } from '../../../src/rpc/frame.js';
import { frameOf, syncOf } from './bus-hub.js';

const { fromCaller, end } = frameFlag;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/** Frames that break the protocol, and what a callee has to do. */
export interface BadFrames {
  /** The method of the call that they are about, which has sent five bytes; see `odd-server.ts`. */
  readonly method?: string;
  /** The message; `id` is that call. */
  readonly message: (id: number) => Uint8Array;
  /** With what that call is reset; undefined: it goes on. `quietly`: it ends at the server, and an answer is free. */
  readonly ends?: number | 'quietly';
  /** Resets of calls that are not open: how far from `id`, the status, whether refused. */
  readonly others?: readonly (readonly [from: number, status: number, refused: boolean])[];
}

const junk = Buffer.from([0xff, 0xff, 0xff]);
const data = (id: number, offset: number, body: Uint8Array | string, flags = 0): Buffer =>
  frameOf(frameKind.data, fromCaller | flags, id, offset, body);
const trailers = Head.encode({ metadata: ['grpc-status', '0'] }).finish();
/** An OPEN of the call after the present one. */
const openAfter = (id: number, body: Partial<Open> | Uint8Array): Buffer =>
  frameOf(
    frameKind.open,
    fromCaller,
    id + 1,
    0,
    body instanceof Uint8Array
      ? body
      : Open.encode(Open.fromPartial({ path: '/odd.Test/Echo', window: 1000, ...body })).finish(),
  );
const unservable = (body: Partial<Open> | Uint8Array): BadFrames => ({
  message: (id) => openAfter(id, body),
  others: [[1, INTERNAL, false]],
});
const patched = (frame: Buffer, at: number, byte: number): Buffer => {
  frame[at] = byte;
  return frame;
};

/** The table of bad frames. */
export const badFrames: Readonly<Record<string, BadFrames>> = {
  'an empty message': { message: () => Buffer.alloc(0) },
  'a message that ends inside a header': { message: (id) => data(id, 5, 'x').subarray(0, 19) },
  'a message that ends inside a body': { message: (id) => data(id, 5, 'xyz').subarray(0, 22) },
  'a bad frame, then half a frame': {
    message: (id) => Buffer.concat([frameOf(77, fromCaller, id), Buffer.alloc(7)]),
    ends: INTERNAL,
  },
  'a kind that does not exist': { message: (id) => frameOf(77, fromCaller, id), ends: INTERNAL },
  'the kind 0': { message: (id) => frameOf(0, fromCaller, id), ends: INTERNAL },
  'a flag that does not exist': { message: (id) => data(id, 5, 'x', 0x40), ends: INTERNAL },
  'reserved bits': { message: (id) => patched(data(id, 5, 'x'), 3, 1), ends: INTERNAL },
  'an offset of 2^53': { message: (id) => patched(data(id, 5, 'x'), 9, 0x20), ends: INTERNAL },
  'DATA of no call': { message: () => data(0, 0, 'x') },
  'a PING of a call': { message: (id) => frameOf(frameKind.ping, fromCaller, id, 0, Buffer.alloc(8)) },
  'a PING that is too short': { message: () => frameOf(frameKind.ping, 0, 0, 0, 'short') },
  'a gap in the offsets': { message: (id) => data(id, 6, 'x'), ends: UNAVAILABLE },
  'an offset that came before': { message: (id) => data(id, 4, 'x'), ends: INTERNAL },
  'DATA after the end': {
    message: (id) => Buffer.concat([data(id, 5, '', end), data(id, 5, 'x')]),
    ends: INTERNAL,
  },
  'a second OPEN': { message: (id) => openAfter(id - 1, {}), ends: INTERNAL },
  'more than was granted': {
    method: 'Stall',
    message: (id) =>
      Buffer.concat(Array.from({ length: 15 }, (_none, i) => data(id, 5 + i * 65_536, Buffer.alloc(65_536)))),
    ends: INTERNAL,
  },
  'HEAD of a caller': {
    message: (id) => frameOf(frameKind.head, fromCaller, id, 0, trailers),
    ends: INTERNAL,
  },
  'TRAILERS of a caller': {
    message: (id) => frameOf(frameKind.trailers, fromCaller, id, 5, trailers),
    ends: INTERNAL,
  },
  'ACCEPT of a caller': { message: (id) => frameOf(frameKind.accept, fromCaller, id), ends: INTERNAL },
  'a RESET that does not decode': {
    message: (id) => frameOf(frameKind.reset, fromCaller, id, 0, junk),
    ends: 'quietly',
  },
  'a RESET without a status': { message: (id) => frameOf(frameKind.reset, fromCaller, id), ends: 'quietly' },
  'a SYNC that does not decode': { message: () => frameOf(frameKind.sync, 0, 0, 0, junk) },
  'a SYNC that tells of more than has come': {
    message: (id) => syncAbout(id, { sent: 6, head: true }, 6),
    ends: UNAVAILABLE,
  },
  'a SYNC that tells of less than has come': {
    message: (id) => syncAbout(id, { sent: 4, head: true }, 5),
    ends: INTERNAL,
  },
  'a SYNC that tells of a half-close that never came': {
    message: (id) => syncAbout(id, { sent: 5, head: true, ended: true }, 5),
    ends: UNAVAILABLE,
  },
  'a SYNC without the call': { message: () => syncAbout(0, undefined, 5), ends: 'quietly' },
  'a SYNC with calls that are not known': {
    message: (id) => syncAbout(id, { sent: 5, head: true }, 5, [id - 1, id + 1]),
    others: [
      [-1, UNAVAILABLE, false],
      [1, UNAVAILABLE, true],
    ],
  },
  'DATA of calls that are not known': {
    message: (id) => Buffer.concat([data(id - 1, 0, 'x'), data(id + 1, 0, 'x')]),
    others: [
      [-1, UNAVAILABLE, false],
      [1, UNAVAILABLE, true],
    ],
  },
  'CREDIT and RESET of a call that is not known': {
    message: (id) =>
      Buffer.concat([
        frameOf(frameKind.credit, fromCaller, id - 1, 9),
        frameOf(frameKind.reset, fromCaller, id - 1, 0, junk),
      ]),
  },
  'CREDIT without measure': {
    message: (id) =>
      Buffer.concat([
        frameOf(frameKind.credit, fromCaller, id, Number.MAX_SAFE_INTEGER),
        frameOf(frameKind.credit, 0, 0, Number.MAX_SAFE_INTEGER),
      ]),
  },
  'CREDIT that would take back': {
    message: (id) =>
      Buffer.concat([frameOf(frameKind.credit, fromCaller, id, 1), frameOf(frameKind.credit, 0, 0, 1)]),
  },
  'an OPEN that does not decode': unservable(junk),
  'an OPEN of nothing': unservable(Buffer.alloc(0)),
  'an OPEN of a path without a slash': unservable({ path: 'odd.Test/Echo' }),
  'an OPEN with a name without a value': unservable({ metadata: ['x'] }),
  'an OPEN with an upper-case name': unservable({ metadata: ['X-Upper', 'x'] }),
  'an OPEN with a pseudo-header': unservable({ metadata: [':status', '200'] }),
  'an OPEN with an empty name': unservable({ metadata: ['', 'x'] }),
  'an OPEN with a line break in a value': unservable({ metadata: ['x', 'a\r\nb: c'] }),
  'an OPEN with a NUL in a value': unservable({ metadata: ['x', 'a\0b'] }),
  'an OPEN with a value beyond latin-1': unservable({ metadata: ['x', '\u0100'] }),
};

/** A SYNC that tells of the one open call and of others that are not. */
function syncAbout(
  id: number,
  call: { sent: number; head: boolean; ended?: boolean } | undefined,
  peerSent: number,
  others: readonly number[] = [],
): Buffer {
  const known = { caller: true, granted: 262_144, ended: false };
  const calls = [
    ...(call === undefined ? [] : [{ id, ...known, ...call }]),
    ...others.map((other) => ({ id: other, ...known, sent: 0, head: true })),
  ];
  return frameOf(frameKind.sync, 0, 0, 0, Sync.encode(syncOf({ calls, peerSent, answer: false })).finish());
}
