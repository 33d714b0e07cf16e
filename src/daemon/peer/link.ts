import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { errorText, PosternError } from '../../errors.js';
import { isSignedBy, keyBytes, type SigningKey } from '../group/keys.js';
import { encodeFrame, type FrameBody, FrameReader, mostFrameBytes } from './frames.js';

/** What daemons are to each other. */
export const roles = ['peer', 'rdvp', 'relay', 'bootstrap', 'replication'] as const;
export type Role = (typeof roles)[number];

/** Bounds of a connection, in milliseconds. */
export interface LinkTimes {
  /** Until both have proved who they are. */
  readonly handshakeMs: number;
  /** A peer that is silent for so long is given up; it is asked for signs of life three times as often. */
  readonly idleMs: number;
}

/** Somebody who does not read what is sent is given up when so many bytes wait. */
const mostUnread = 2 * mostFrameBytes;
const protocolVersion = 1;

/** Who is at the other end, proved. */
export interface Remote {
  readonly key: Buffer;
  readonly role: Role;
  /** Random bytes of both, that proofs within this connection are bound to. */
  readonly ourNonce: Buffer;
  readonly theirNonce: Buffer;
}

/** A connection to a peer that has proved its key. Frames are handled one after the other; nothing is read meanwhile. */
export class PeerLink {
  readonly remote: Remote;
  readonly address: string;
  /** Resolves to why it ended. Never rejects. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #handler: ((body: FrameBody) => void | Promise<void>) | undefined;
  #why = 'the peer has closed it';
  #busy = false;
  #detached = false;
  readonly #onData = (chunk: Buffer): void => this.#data(chunk);

  private constructor(socket: Socket, reader: FrameReader, remote: Remote, times: LinkTimes) {
    this.#socket = socket;
    this.#reader = reader;
    this.remote = remote;
    this.address = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`;
    reader.limit = mostFrameBytes;
    socket.setTimeout(times.idleMs, () => {
      if (!this.#detached) this.cut(`it was silent for ${times.idleMs} ms`);
    });
    const ping = setInterval(() => this.send({ $case: 'ping', value: {} }), Math.max(10, times.idleMs / 3));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(ping);
        resolve(this.#why);
      });
    });
    this.#stopPings = () => clearInterval(ping);
    socket.on('error', (error) => {
      this.#why = errorText(error);
    });
    socket.on('end', () => socket.end());
  }

  readonly #stopPings: () => void;

  /**
   * Proves who we are and asks who is there. The socket is destroyed where that fails. Throws `PEER_INVALID`,
   * `PEER_UNREACHABLE`.
   */
  static async open(
    socket: Socket,
    own: { key: SigningKey; role: Role },
    times: LinkTimes,
  ): Promise<PeerLink> {
    const reader = new FrameReader();
    const frames = firstFrames(socket, reader);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no handshake within ${times.handshakeMs} ms`)),
      times.handshakeMs,
    );
    try {
      const ourNonce = randomBytes(keyBytes);
      const { key, role } = own;
      const hello = { version: protocolVersion, key: key.publicKey, nonce: ourNonce, role };
      socket.write(encodeFrame({ $case: 'hello', value: hello }));
      const theirs = await frames.next();
      if (theirs.$case !== 'hello') throw invalid('it does not begin with who it is');
      const remote = remoteOf(theirs.value, ourNonce);
      if (remote.key.equals(key.publicKey)) throw invalid('it is this daemon itself');
      const signature = key.sign(authText(remote.theirNonce, ourNonce, remote.key, key.publicKey));
      socket.write(encodeFrame({ $case: 'auth', value: { signature } }));
      const auth = await frames.next();
      const text = authText(ourNonce, remote.theirNonce, key.publicKey, remote.key);
      if (auth.$case !== 'auth' || !isSignedBy(remote.key, text, auth.value.signature)) {
        throw invalid('it has not proved who it is');
      }
      frames.stop();
      return new PeerLink(socket, reader, remote, times);
    } catch (thrown) {
      socket.destroy();
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Begins to read, or goes on with another handler. An error of the handler ends the connection. */
  handle(handler: (body: FrameBody) => void | Promise<void>): void {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (isFirst) this.#socket.on('data', this.#onData);
    void this.#drain();
  }

  send(body: FrameBody): void {
    if (this.#socket.destroyed || this.#detached) return;
    this.#socket.write(encodeFrame(body));
    if (this.#socket.writableLength > mostUnread) this.cut('it does not read');
  }

  /** Ends it at once. */
  cut(why: string): void {
    if (this.#socket.destroyed) return;
    this.#why = why;
    this.#socket.destroy();
  }

  /** Gives the socket away, paused, after `last` was sent; what was read too much is put back. */
  detach(last?: FrameBody): Socket {
    if (last !== undefined) this.send(last);
    this.#detached = true;
    this.#stopPings();
    this.#socket.off('data', this.#onData);
    this.#socket.removeAllListeners('end');
    this.#socket.setTimeout(0);
    this.#socket.pause();
    const rest = this.#reader.takeRest();
    if (rest.length > 0) this.#socket.unshift(rest);
    return this.#socket;
  }

  #data(chunk: Buffer): void {
    this.#reader.push(chunk);
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#socket.pause();
    try {
      while (!this.#socket.destroyed && !this.#detached) {
        const body = this.#reader.next();
        if (body === undefined) break;
        if (body.$case !== 'ping') await this.#handler?.(body);
      }
    } catch (thrown) {
      this.cut(errorText(thrown));
    } finally {
      this.#busy = false;
      if (!this.#detached) this.#socket.resume();
    }
  }
}

/** Gives the first frames of a socket, one by one. */
function firstFrames(socket: Socket, reader: FrameReader): { next(): Promise<FrameBody>; stop(): void } {
  let failure: Error | undefined;
  let wake: () => void = () => {};
  const fail = (error?: Error): void => {
    failure ??= new PosternError('PEER_UNREACHABLE', error ? errorText(error) : 'the peer has closed it');
    wake();
  };
  const closed = (): void => fail();
  const data = (chunk: Buffer): void => {
    reader.push(chunk);
    wake();
  };
  socket.on('data', data).on('error', fail).on('close', closed).on('end', closed);
  // One that a relay has led here was paused meanwhile.
  socket.resume();
  return {
    async next() {
      for (;;) {
        const frame = reader.next();
        if (frame !== undefined) return frame;
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop() {
      socket.pause();
      socket.off('data', data).off('error', fail).off('close', closed).off('end', closed);
    },
  };
}

function remoteOf(
  hello: { version: number; key: Uint8Array; nonce: Uint8Array; role: string },
  ourNonce: Buffer,
): Remote {
  const role = roles.find((each) => each === hello.role);
  if (hello.version !== protocolVersion) throw invalid(`it speaks version ${hello.version} of the protocol`);
  if (role === undefined || hello.key.length !== keyBytes || hello.nonce.length !== keyBytes) {
    throw invalid('it does not say who it is');
  }
  return { key: Buffer.from(hello.key), role, ourNonce, theirNonce: Buffer.from(hello.nonce) };
}

function authText(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('postern peer'), ...parts]);
}

function invalid(why: string): PosternError {
  return new PosternError('PEER_INVALID', `this is no peer: ${why}`);
}
