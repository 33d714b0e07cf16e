import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type FrameCursor, frameKind } from './frame.js';

/**
 * What is done for one message at most, in units of about 2 µs: a few times of what the largest message of a process
 * that keeps to docs/protocol.md takes, and little enough for the loop not to stand still.
 */
const mostWork = 32_768;
const openWork = 4;
/** A PONG is a message of its own. */
const pingWork = 16;
const syncWork = 64;

/** Bounds what a single message can make this process do. */
export class MessageWork {
  readonly #callsPerPeer: number;
  #left = 0;

  constructor(callsPerPeer: number) {
    this.#callsPerPeer = callsPerPeer;
  }

  /** Begins with a new message. */
  start(): void {
    this.#left = mostWork;
  }

  /** Whether the present frame of the message may be dealt with. `calls`: calls that are open with its sender. */
  allows(cursor: FrameCursor, calls: number): boolean {
    this.#left -= this.#of(cursor, calls);
    return this.#left >= 0;
  }

  #of(cursor: FrameCursor, calls: number): number {
    switch (cursor.kind) {
      case frameKind.open:
        return openWork;
      case frameKind.ping:
        return pingWork;
      case frameKind.sync: {
        const listed = callsListed(cursor, this.#callsPerPeer);
        return listed > this.#callsPerPeer ? mostWork + 1 : syncWork + (listed + calls) / 2;
      }
      default:
        return 1;
    }
  }
}

/** How many calls a SYNC frame lists, up to where it does not decode, or to `most` + 1. */
function callsListed(cursor: FrameCursor, most: number): number {
  const reader = new BinaryReader(cursor.body());
  let listed = 0;
  try {
    while (reader.pos < reader.len && listed <= most) {
      const [field, wireType] = reader.tag();
      if (field === 1) listed++;
      reader.skip(wireType, field);
    }
  } catch {
    // Whoever decodes it will tell.
  }
  return listed;
}
