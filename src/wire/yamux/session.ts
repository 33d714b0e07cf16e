import type { Duplex } from 'node:stream';
import { encodeHeader, FrameParser, flag, frameType, goAwayCode, type Header } from './frame.js';
import { Pings } from './pings.js';
import { YamuxStream } from './stream.js';

export interface YamuxOptions {
  /** The client's streams have odd ids, the server's even ones; which side is which is agreed outside. */
  readonly role: 'client' | 'server';
  /** Takes streams that the other side opens; without it they are reset. */
  readonly onStream?: (stream: Duplex) => void;
  /** Hears once that the other side takes no new streams; those that are open go on. */
  readonly onGoAway?: () => void;
  /** Hears once that the session is over, and why. */
  readonly onClose: (why: string) => void;
  /** Receive window of a stream, bytes, at least 256 KiB. Default 1 MiB. */
  readonly windowBytes?: number;
  /** Streams at the same time; more of the other side are reset. Default 1,024. */
  readonly streams?: number;
  /** How often a PING is sent, milliseconds. Default 5,000. */
  readonly pingEveryMs?: number;
  /** So many pings in a row without a byte from the other side end the session. Default 3. */
  readonly missedPings?: number;
}

/** Frames without a body that wait for the way to be free: a few for each stream. More are answers that nobody reads. */
const mostUnsentFrames = 16_384;

/**
 * Many byte streams over one connection, as hashicorp's yamux does it. The session owns the transport: it destroys it
 * when it ends, and ends when the transport does.
 * https://github.com/hashicorp/yamux/blob/master/spec.md
 */
export class YamuxSession {
  readonly windowBytes: number;
  readonly #transport: Duplex;
  readonly #options: YamuxOptions;
  readonly #streams = new Map<number, YamuxStream>();
  /** Streams that wait for the transport, in turn. */
  readonly #waiting = new Set<YamuxStream>();
  readonly #pings: Pings;
  #nextId: number;
  #lastRemoteId = 0;
  #goneAway = false;
  #theyLeave = false;
  #closed = false;
  #unsentFrames = 0;
  readonly #frameSent = (): void => {
    this.#unsentFrames -= 1;
  };

  constructor(transport: Duplex, options: YamuxOptions) {
    this.#transport = transport;
    this.#options = options;
    this.windowBytes = Math.max(options.windowBytes ?? 1_048_576, 262_144);
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#pings = new Pings({
      everyMs: options.pingEveryMs ?? 5_000,
      missed: options.missedPings ?? 3,
      send: (value) => this.control(frameType.ping, flag.syn, 0, value),
      silent: (ms) => this.#end(`the other side has been silent for ${Math.round(ms)} ms`),
    });
    const parser = new FrameParser({
      header: (header) => this.#header(header),
      body: (streamId, piece, left) => {
        this.#streams.get(streamId)?.receive(piece, left);
        return !this.#closed;
      },
      broken: (why) => this.#violated(why),
    });
    transport.on('data', (chunk: Buffer) => {
      this.#pings.heard();
      parser.feed(chunk);
    });
    transport.on('drain', () => this.#drained());
    transport.on('error', (error) => this.#end(error.message));
    transport.on('end', () => this.#end('the other side closed the connection'));
    transport.on('close', () => this.#end('the connection was closed'));
    this.#pings.start();
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Last round trip of a PING in milliseconds; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#pings.roundTripMs;
  }

  /** True once no stream can be opened any more. */
  get closing(): boolean {
    return this.#closed || this.#goneAway;
  }

  /** Opens a stream; on a session that is over, one that is destroyed at once. */
  open(): Duplex {
    const stream = new YamuxStream(this, this.#nextId, true);
    this.#nextId += 2;
    if (this.closing) {
      stream.destroy(new Error('the session is over'));
      return stream;
    }
    this.#streams.set(stream.id, stream);
    stream.announce();
    return stream;
  }

  /** Tells the other side to open no more streams; those that are open go on. */
  goAway(): void {
    if (!this.closing) this.control(frameType.goAway, 0, 0, goAwayCode.normal);
    this.#goneAway = true;
  }

  /** Ends the session and everything on it. */
  close(why = 'the session was closed'): void {
    if (!this.#closed) this.control(frameType.goAway, 0, 0, goAwayCode.normal);
    this.#end(why);
  }

  control(type: number, flags: number, streamId: number, length: number): void {
    if (this.#closed) return;
    this.#unsentFrames += 1;
    this.#transport.write(encodeHeader(type, flags, streamId, length), this.#frameSent);
    if (this.#unsentFrames > mostUnsentFrames) {
      this.#end('the other side asks without reading the answers');
    }
  }

  data(flags: number, streamId: number, body: Buffer): boolean {
    if (this.#closed) return false;
    this.#transport.cork();
    this.#transport.write(encodeHeader(frameType.data, flags, streamId, body.length));
    const free = this.#transport.write(body);
    this.#transport.uncork();
    return free;
  }

  wait(stream: YamuxStream): void {
    this.#waiting.add(stream);
  }

  forget(stream: YamuxStream): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
  }

  #drained(): void {
    for (const stream of this.#waiting) {
      if (this.#transport.writableNeedDrain) return;
      this.#waiting.delete(stream);
      stream.goOn();
    }
  }

  #header({ type, flags, streamId, length }: Header): boolean {
    if (type === frameType.ping) {
      if ((flags & flag.syn) !== 0) this.control(frameType.ping, flag.ack, 0, length);
      else this.#pings.answered(length);
    } else if (type === frameType.goAway) {
      this.#goneAway = true;
      if (length !== goAwayCode.normal) this.#end(`the other side went away with code ${length}`);
      else if (!this.#theyLeave) {
        this.#theyLeave = true;
        this.#options.onGoAway?.();
      }
    } else {
      if ((flags & flag.syn) !== 0 && !this.#opened(streamId)) return false;
      // A frame for a stream that is over here was sent before the other side knew.
      const stream = this.#streams.get(streamId);
      if (stream !== undefined && !stream.heard(type, flags, length)) {
        this.#violated(`more came on stream ${streamId} than its window`);
      }
    }
    return !this.#closed;
  }

  /** The other side opens a stream. False: the session is over. */
  #opened(id: number): boolean {
    const theirs = id % 2 === (this.#options.role === 'client' ? 0 : 1);
    if (id === 0 || !theirs || id <= this.#lastRemoteId) {
      this.#violated(`stream ${id} cannot be opened by the other side`);
      return false;
    }
    this.#lastRemoteId = id;
    const { onStream } = this.#options;
    if (onStream === undefined || this.#goneAway || this.#streams.size >= (this.#options.streams ?? 1_024)) {
      this.control(frameType.windowUpdate, flag.rst, id, 0);
      return true;
    }
    const stream = new YamuxStream(this, id, false);
    this.#streams.set(id, stream);
    stream.announce();
    onStream(stream);
    return true;
  }

  #violated(why: string): void {
    this.control(frameType.goAway, 0, 0, goAwayCode.protocolError);
    this.#end(`the other side broke the rules of yamux: ${why}`);
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pings.stop();
    for (const stream of [...this.#streams.values()]) stream.destroy(new Error(why));
    // What was written last, a GO AWAY, may still leave.
    this.#transport.end();
    setImmediate(() => this.#transport.destroy());
    this.#options.onClose(why);
  }
}
