import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { frame, preface, settingsOf, windowUpdate } from '../wire/frames.js';
import { until } from './nats.js';

export const frameType = { data: 0, headers: 1, rst: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 };
/** Identifiers of SETTINGS. */
export const setting = { maxConcurrentStreams: 3, initialWindowSize: 4 };

/** A frame as it came. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/**
 * One HTTP/2 connection spoken by hand, for what no library would do or show. SETTINGS and PING are answered, nothing
 * else is done by itself. Header blocks stay encoded.
 */
export class FramePeer {
  readonly socket: Socket;
  /** All that came, in order. */
  readonly frames: SeenFrame[] = [];
  closed = false;
  #bytes = Buffer.alloc(0);

  /** `skip` bytes come before the first frame: the client's preface, at a server. */
  constructor(socket: Socket, skip: number) {
    this.socket = socket;
    let toSkip = skip;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.#bytes.length < toSkip) return;
      this.#bytes = this.#bytes.subarray(toSkip);
      toSkip = 0;
      this.#read();
    });
  }

  send(...frames: Buffer[]): void {
    if (!this.closed) this.socket.write(Buffer.concat(frames));
  }

  /** The frames of one type, of one stream or all. */
  of(type: number, stream?: number): SeenFrame[] {
    return this.frames.filter((seen) => seen.type === type && (stream ?? seen.stream) === seen.stream);
  }

  /** Body bytes of a stream. */
  body(stream: number): Buffer {
    return Buffer.concat(this.of(frameType.data, stream).map(({ payload }) => payload));
  }

  /** Lets go of the DATA frames of a stream so far. */
  forgetBody(stream: number): void {
    const kept = this.frames.filter((seen) => seen.type !== frameType.data || seen.stream !== stream);
    this.frames.splice(0, this.frames.length, ...kept);
  }

  /** How often the stream was half-closed by the other side. */
  ends(stream: number): number {
    const ending = this.frames.filter(
      ({ type, flags, stream: of }) =>
        of === stream && (type === frameType.data || type === frameType.headers) && (flags & 1) !== 0,
    );
    return ending.length;
  }

  /** The code of the stream's RST_STREAM; undefined: none came. */
  resetCode(stream: number): number | undefined {
    return this.of(frameType.rst, stream)[0]?.payload.readUInt32BE(0);
  }

  /** Waits for the next stream that the client opens after the first `known` ones; gives its id. */
  async opened(known: number): Promise<number> {
    await until(`stream ${known + 1} is opened`, () => this.of(frameType.headers).length > known);
    return this.of(frameType.headers)[known]?.stream ?? -1;
  }

  #read(): void {
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < 9 + length) return;
      const type = this.#bytes.readUInt8(3);
      const flags = this.#bytes.readUInt8(4);
      const stream = this.#bytes.readUInt32BE(5) & 0x7fff_ffff;
      const payload = this.#bytes.subarray(9, 9 + length);
      this.#bytes = this.#bytes.subarray(9 + length);
      this.frames.push({ type, flags, stream, payload });
      const isAck = (flags & 1) !== 0;
      if (type === frameType.settings && !isAck) this.send(frame(frameType.settings, 1, 0));
      if (type === frameType.ping && !isAck) this.send(frame(frameType.ping, 1, 0, payload));
    }
  }
}

/** A server of such connections. It grants 1 GiB to each connection, and to streams what its SETTINGS say. */
export interface FrameServer {
  readonly address: string;
  /** In the order in which they came. */
  readonly connections: readonly FramePeer[];
  /** SETTINGS of connections that come from now on. */
  settings: readonly (readonly [id: number, value: number])[];
  /** The newest connection. */
  last(): FramePeer;
  /** Waits until there are so many; gives the newest. */
  connected(count: number): Promise<FramePeer>;
  /** Closes the connections that are open, so that the next call opens a new one. */
  hangUp(): Promise<void>;
  stop(): void;
}

export async function startFrameServer(): Promise<FrameServer> {
  const connections: FramePeer[] = [];
  const server = createServer((socket) => {
    const peer = new FramePeer(socket, preface.length);
    connections.push(peer);
    peer.send(settingsOf(started.settings), windowUpdate(0, 2 ** 30));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const last = (): FramePeer => {
    const newest = connections.at(-1);
    if (newest === undefined) throw new Error('nobody has connected');
    return newest;
  };
  const started: FrameServer = {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    connections,
    settings: [],
    last,
    async connected(count) {
      await until(`${count} connections`, () => connections.length >= count);
      return last();
    },
    async hangUp() {
      // The other side has noticed when it ends its direction too.
      for (const { socket } of connections) socket.end();
      await until('all hung up', () => connections.every(({ closed }) => closed));
    },
    stop() {
      server.close();
      for (const { socket } of connections) socket.destroy();
    },
  };
  return started;
}

/** A client connection by hand: see `frameClientOn`. */
export async function frameClient(
  address: string,
  settings: readonly (readonly [id: number, value: number])[] = [],
): Promise<FramePeer> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host ?? '', port: Number(port) });
  await once(socket, 'connect');
  return frameClientOn(socket, settings);
}

/** Speaks as a client on a connection: preface and SETTINGS are sent, with room for 1 GiB on the connection. */
export function frameClientOn(
  socket: Socket,
  settings: readonly (readonly [id: number, value: number])[] = [],
): FramePeer {
  const peer = new FramePeer(socket, 0);
  peer.send(preface, settingsOf(settings), windowUpdate(0, 2 ** 30));
  return peer;
}
