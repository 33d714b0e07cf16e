import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { until } from '../../support/nats.js';
import { checkoutRoot } from '../../support/processes.js';

const event = z.object({
  link: z.string(),
  from: z.enum(['node', 'hub', 'client']),
  upgrade: z.object({ path: z.string(), headers: z.record(z.string(), z.string()) }).optional(),
  hex: z.string().optional(),
});
type Event = z.infer<typeof event>;

/** The most that an old node reads in one message, bytes. */
const oldMessageBytes = 512;

/** What was said on a link of the transcript. */
export async function transcript(link: string): Promise<readonly Event[]> {
  const file = path.join(checkoutRoot, 'test/fixtures/grpc-demo/transcript.jsonl');
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map((line) => event.parse(JSON.parse(line))).filter((one) => one.link === link);
}

/** One frame of HTTP/2. */
export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly body: Buffer;
  /** The whole of it. */
  readonly bytes: Buffer;
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const frame = { data: 0, headers: 1, settings: 4, ping: 6 } as const;
const [endStream, ack] = [1, 1];

/** The frames in `bytes`, which may begin with the preface; a frame that is not whole yet is left out. */
export function framesIn(bytes: Buffer): Http2Frame[] {
  const frames: Http2Frame[] = [];
  let at = bytes.subarray(0, preface.length).equals(preface) ? preface.length : 0;
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      streamId: bytes.readUInt32BE(at + 5),
      body: bytes.subarray(at + 9, end),
      bytes: bytes.subarray(at, end),
    });
    at = end;
  }
  return frames;
}

/** A request is whole: its stream was ended. */
const requested = ({ type, flags }: Http2Frame): boolean =>
  (type === frame.data || type === frame.headers) && (flags & endStream) !== 0;
/** An answer to what the other side of the transcript asked; ours asks other things. */
const isAnswerToPing = ({ type, flags }: Http2Frame): boolean => type === frame.ping && (flags & ack) !== 0;

/** The node of the transcript: says what it said then, when the hub has said what it waits for. */
export class OldNode {
  /** Sizes of the messages that the hub has sent, bytes. */
  readonly messages: number[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #yamux: { type: number; flags: number; streamId: number }[] = [];
  /** What came on the first stream. */
  #http2 = Buffer.alloc(0);
  #rest = Buffer.alloc(0);

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      assert.ok(isBinary);
      this.messages.push(data.length);
      this.#read(data);
    });
  }

  /** Joins with the transcript's request; `query` is added to its path, `name` replaces the node's. */
  static async join(address: string, query = '', name?: string): Promise<OldNode> {
    const [first] = await transcript('ws');
    const { path: asked, headers } = first?.upgrade ?? assert.fail('the transcript has no upgrade');
    const { 'user-agent': agent = '', 'x-hub-meta-name': own = '' } = headers;
    const socket = new WebSocket(`ws://${address}${asked}${query}`, {
      headers: { 'user-agent': agent, 'x-hub-meta-name': name ?? own },
      // As the original does: a longer message is the end of it.
      maxPayload: oldMessageBytes,
      perMessageDeflate: false,
    });
    const node = new OldNode(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_, { statusCode }) => reject(new Error(`HTTP ${statusCode}`)));
    });
    assert.equal(socket.protocol, '');
    assert.equal(socket.extensions, '');
    return node;
  }

  /** Serves one call as the transcript does. Resolves to the request's frames. */
  async answerOneCall(): Promise<readonly Http2Frame[]> {
    const said = (await transcript('ws')).filter(({ from, hex }) => from === 'node' && hex !== undefined);
    const messages = said.map(({ hex = '' }) => Buffer.from(hex, 'hex'));
    // Headers of yamux are messages of their own: `flags` and the stream, then the body if there is one.
    const pairs: { header: Buffer; body: Buffer }[] = [];
    for (let i = 0; i < messages.length; i += 1) {
      const header = messages[i] ?? assert.fail();
      const body = header.readUInt8(1) === 0 ? (messages[++i] ?? assert.fail()) : Buffer.alloc(0);
      pairs.push({ header, body });
    }
    await until('the hub opens a stream', () => this.#yamux.length > 0);
    assert.deepEqual(this.#yamux[0], { type: 1, flags: 1, streamId: 1 }, 'SYN of stream 1');
    for (const { header, body } of pairs) {
      const frames = framesIn(body);
      if (frames.some(({ type }) => type === frame.settings)) {
        await until('the hub speaks HTTP/2', () =>
          this.#frames().some(({ type }) => type === frame.settings),
        );
        assert.ok(this.#http2.subarray(0, preface.length).equals(preface));
      } else if (frames.length > 0) {
        await until('the hub has asked', () => this.#frames().some(requested));
      }
      const kept = Buffer.concat(frames.filter((one) => !isAnswerToPing(one)).map(({ bytes }) => bytes));
      if (body.length > 0 && kept.length === 0) continue;
      if (body.length > 0) header.writeUInt32BE(kept.length, 8);
      this.#socket.send(header);
      if (kept.length > 0) this.#socket.send(kept);
    }
    return this.#frames();
  }

  /** Headers of yamux that came so far, pings left out. */
  get frames(): readonly { type: number; flags: number; streamId: number }[] {
    return this.#yamux;
  }

  /** Cuts the connection, as a process that is killed does. */
  kill(): void {
    this.#socket.terminate();
  }

  #frames(): Http2Frame[] {
    return framesIn(this.#http2);
  }

  #read(data: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, data]);
    while (this.#rest.length >= 12) {
      const rest = this.#rest;
      const [type, flags] = [rest.readUInt8(1), rest.readUInt16BE(2)];
      const [streamId, length] = [rest.readUInt32BE(4), rest.readUInt32BE(8)];
      const end = type === 0 ? 12 + length : 12;
      if (rest.length < end) return;
      if (type === 2 && flags === 1) this.#socket.send(pong(rest.subarray(0, 12)));
      else if (type !== 2) this.#yamux.push({ type, flags, streamId });
      if (type === 0) this.#http2 = Buffer.concat([this.#http2, rest.subarray(12, end)]);
      this.#rest = rest.subarray(end);
    }
  }
}

function pong(ping: Buffer): Buffer {
  const answer = Buffer.from(ping);
  answer.writeUInt16BE(2, 2);
  return answer;
}

/** Says to a gRPC port what a client of the transcript said. Resolves to the frames of the answer's stream. */
export async function playClient(address: string, link: string): Promise<readonly Http2Frame[]> {
  const said = (await transcript(link)).filter(({ from }) => from === 'client');
  const bytes = Buffer.concat(said.map(({ hex = '' }) => Buffer.from(hex, 'hex')));
  const at = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
  let heard = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
  });
  try {
    const asks = framesIn(bytes).filter((one) => !isAnswerToPing(one));
    const settings = asks.filter(({ type }) => type === frame.settings);
    const [first, ...others] = settings;
    socket.write(Buffer.concat([preface, first?.bytes ?? assert.fail()]));
    await until('the hub speaks HTTP/2', () => framesIn(heard).length > 0);
    const call = asks.filter((one) => one.type === frame.headers || one.type === frame.data);
    socket.write(Buffer.concat([...others, ...call].map((one) => one.bytes)));
    const answer = () => framesIn(heard).filter(({ streamId }) => streamId === 1);
    await until('the call is over', () => answer().some(requested));
    return answer();
  } finally {
    socket.destroy();
  }
}
