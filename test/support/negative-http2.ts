import { once } from 'node:events';
import { createServer } from 'node:net';
import { z } from 'zod';
import {
  data,
  frame,
  goaway,
  headers,
  preface,
  rstStream,
  settingsOf,
  windowUpdate,
} from '../wire/frames.js';
import { FramePeer, frameType, type SeenFrame, setting } from './frame-peer.js';
import { interopService } from './interop/protos.js';

/** The ways in which the server of gRPC's negative HTTP/2 tests misbehaves. */
export const negativeCases = [
  'goaway',
  'rst_after_header',
  'rst_during_data',
  'rst_after_data',
  'ping',
  'max_streams',
] as const;
export type NegativeCase = (typeof negativeCases)[number];

/** What the server saw of its clients. */
export interface NegativeSeen {
  /** Calls of each connection, in the order of connections; those without a call are left out. */
  readonly calls: readonly number[];
  /** The most calls that one connection had open at a time. */
  readonly mostOpen: number;
  /** PINGs that were sent and not answered. */
  readonly unanswered: number;
}

/**
 * The server of gRPC's negative HTTP/2 tests (doc/negative-http2-interop-test-descriptions.md), written frame by frame:
 * it answers UnaryCall, and does one thing that servers and proxies between may do to a client.
 */
export interface NegativeServer {
  readonly port: number;
  readonly address: string;
  seen(): NegativeSeen;
  stop(): void;
}

export async function startNegativeServer(what: NegativeCase): Promise<NegativeServer> {
  const connections: NegativeConnection[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    connections.push(new NegativeConnection(new FramePeer(socket, preface.length), what));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    port,
    address: `127.0.0.1:${port}`,
    seen: () => ({
      calls: connections.map(({ calls }) => calls).filter((calls) => calls > 0),
      mostOpen: Math.max(0, ...connections.map(({ mostOpen }) => mostOpen)),
      unanswered: connections.reduce((sum, { unanswered }) => sum + unanswered, 0),
    }),
    stop() {
      server.close();
      for (const { peer } of connections) peer.socket.destroy();
    },
  };
}

/** A call and what is still to be sent of its answer. */
interface OpenCall {
  request: Buffer;
  answer: Buffer | undefined;
  /** What may be sent, in bytes. */
  window: number;
}

/** Window that is granted to each request: more than the client sends. */
const requestWindow = 1 << 20;
const defaultWindow = 65_535;
const frameBytes = 16_384;
const messageHead = 5;

const simpleRequest = z.object({ responseSize: z.number() });
const unaryCall = interopService('grpc.testing.TestService').UnaryCall;

class NegativeConnection {
  readonly peer: FramePeer;
  calls = 0;
  mostOpen = 0;
  unanswered = 0;
  readonly #what: NegativeCase;
  readonly #open = new Map<number, OpenCall>();
  #read = 0;
  #window = defaultWindow;
  #initialWindow = defaultWindow;

  constructor(peer: FramePeer, what: NegativeCase) {
    this.peer = peer;
    this.#what = what;
    const limit: [number, number][] = what === 'max_streams' ? [[setting.maxConcurrentStreams, 1]] : [];
    peer.send(settingsOf([[setting.initialWindowSize, requestWindow], ...limit]), windowUpdate(0, 2 ** 30));
    // The peer was there first: by now it has put the frames of this chunk together.
    peer.socket.on('data', () => {
      while (this.#read < peer.frames.length) {
        const seen = peer.frames[this.#read];
        this.#read += 1;
        if (seen !== undefined) this.#hear(seen);
      }
    });
  }

  #hear({ type, flags, stream, payload }: SeenFrame): void {
    const call = this.#open.get(stream);
    if (type === frameType.ping && (flags & 1) !== 0) this.unanswered -= 1;
    else if (type === frameType.settings) this.#setWindow(payload);
    else if (type === frameType.windowUpdate) {
      if (call === undefined) this.#window += stream === 0 ? payload.readUInt32BE(0) : 0;
      else call.window += payload.readUInt32BE(0);
      this.#sendAll();
    } else if (type === frameType.headers) this.#begin(stream);
    else if (type === frameType.data && call !== undefined) {
      call.request = Buffer.concat([call.request, payload]);
      this.#answer(call);
    }
  }

  #setWindow(payload: Buffer): void {
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== setting.initialWindowSize) continue;
      const changed = payload.readUInt32BE(at + 2);
      for (const call of this.#open.values()) call.window += changed - this.#initialWindow;
      this.#initialWindow = changed;
    }
  }

  #begin(stream: number): void {
    this.calls += 1;
    this.#open.set(stream, { request: Buffer.alloc(0), answer: undefined, window: this.#initialWindow });
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    if (this.#what === 'ping') this.#ping();
    this.peer.send(headers(stream, { ':status': '200', 'content-type': 'application/grpc' }));
    if (this.#what === 'ping') this.#ping();
    if (this.#what === 'rst_after_header') this.#reset(stream);
  }

  #answer(call: OpenCall): void {
    const { request } = call;
    if (request.length < messageHead || request.length < messageHead + request.readUInt32BE(1)) return;
    const { responseSize } = simpleRequest.parse(
      unaryCall?.requestDeserialize(request.subarray(messageHead)),
    );
    const body = unaryCall?.responseSerialize({ payload: { body: Buffer.alloc(responseSize) } }) ?? '';
    const message = Buffer.alloc(messageHead + body.length);
    message.writeUInt32BE(body.length, 1);
    message.set(Buffer.from(body), messageHead);
    const length = this.#what === 'rst_during_data' ? Math.floor(message.length / 2) : message.length;
    call.answer = message.subarray(0, length);
    if (this.#what === 'ping') this.#ping();
    this.#sendAll();
    if (this.#what === 'ping') this.#ping();
  }

  /** Sends what the windows allow. */
  #sendAll(): void {
    for (const [stream, call] of this.#open) {
      while (call.answer !== undefined && call.answer.length > 0) {
        const length = Math.min(call.answer.length, call.window, this.#window, frameBytes);
        if (length <= 0) break;
        this.peer.send(data(stream, call.answer.subarray(0, length)));
        call.answer = call.answer.subarray(length);
        call.window -= length;
        this.#window -= length;
      }
      if (call.answer?.length === 0) this.#end(stream);
    }
  }

  #end(stream: number): void {
    if (this.#what === 'rst_during_data' || this.#what === 'rst_after_data') {
      this.#reset(stream);
      return;
    }
    this.#open.delete(stream);
    this.peer.send(headers(stream, { 'grpc-status': '0' }, 1));
    if (this.#what === 'goaway') this.peer.send(goaway(stream, 0));
  }

  #reset(stream: number): void {
    this.#open.delete(stream);
    this.peer.send(rstStream(stream, 0));
  }

  #ping(): void {
    this.unanswered += 1;
    this.peer.send(frame(frameType.ping, 0, 0, Buffer.alloc(8)));
  }
}
