/**
 * A forward is a call whose bytes are those of a connection: its path names a target instead of a method, its request
 * bytes are what goes to the target, and its head says that the target was reached. A call ends when its response ends;
 * a connection goes on after one side has finished. So what comes back is in frames, as gRPC's messages are: a flag, a
 * length of four bytes, and the bytes; the flag 0x80 says that the target sends nothing more.
 */
const prefix = '/postern.forward/';

const headerBytes = 5;
const finished = 0x80;

/** True for the path of a forward. */
export function isForwardPath(path: string): boolean {
  return path.startsWith(prefix);
}

/** The path of a forward; '' as target means the server that takes the node's calls. */
export function forwardPath(target: string): string {
  return `${prefix}${encodeURIComponent(target).replaceAll('%3A', ':')}`;
}

/** The target that a forward's path names; undefined where it names none that can be read. */
export function targetOfPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    return undefined;
  }
}

/** What stands before `length` bytes of the target. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header[0] = 0;
  header.writeUInt32BE(length, 1);
  return header;
}

/** Says that the target sends nothing more. */
export function finishFrame(): Buffer {
  return Buffer.from([finished, 0, 0, 0, 0]);
}

/** Takes the frames off what comes back. */
export class ForwardReader {
  readonly #bytes: (chunk: Uint8Array) => void;
  readonly #finished: () => void;
  readonly #header = Buffer.alloc(headerBytes);
  #headerFilled = 0;
  #left = 0;

  /** `bytes` hears what the target has sent, in parts of what comes in, which are not copied. */
  constructor(told: { bytes(chunk: Uint8Array): void; finished(): void }) {
    this.#bytes = told.bytes;
    this.#finished = told.finished;
  }

  /** Reads on, wherever the bytes are cut. */
  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        this.#bytes(chunk.subarray(at, end));
        at = end;
        continue;
      }
      this.#header[this.#headerFilled++] = chunk[at++] ?? 0;
      if (this.#headerFilled < headerBytes) continue;
      this.#headerFilled = 0;
      this.#left = this.#header.readUInt32BE(1);
      if (this.#header[0] === finished) this.#finished();
    }
  }
}
