import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { data, frame, headers, preface, rstStream, settings } from '../../wire/frames.js';
import { type HostileStage, setHostileStage } from './stage.js';

let stage: HostileStage;
before(async () => {
  stage = await setHostileStage();
});
after(() => stage.stop());

/** Each attack lasts so long, in milliseconds. */
const attackMs = 1_200;
const connections = 6;

const request = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'a',
  ':path': '/grpc.testing.TestService/FullDuplexCall',
  'content-type': 'application/grpc',
  te: 'trailers',
};
const admitted = () => ({ ...request, name: 'cellar', authorization: `Bearer ${stage.token}` });
const greeting = Buffer.concat([preface, settings]);

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

/** A header block that is small on the wire and 32 MiB when it is decompressed: one long value, named again and again. */
function bomb(stream: number): Buffer {
  const value = Buffer.alloc(4_000, 0x61);
  const length = Buffer.from([
    0x7f,
    ((value.length - 127) % 128) | 0x80,
    Math.floor((value.length - 127) / 128),
  ]);
  const inserted = Buffer.concat([Buffer.from([0x40, 1, 0x78]), length, value]);
  return frame(1, 4, stream, Buffer.concat([inserted, Buffer.alloc(8_000, 0xbe)]));
}

/** What a client says after the preface, block by block; `n` counts the blocks of its connection. */
const floods: Readonly<Record<string, (n: number) => Buffer>> = {
  PING: () => repeated(frame(6, 0, 0, Buffer.alloc(8)), 1_000),
  SETTINGS: () => repeated(settings, 1_000),
  'empty DATA': (n) =>
    Buffer.concat([
      n === 0 ? headers(1, admitted()) : Buffer.alloc(0),
      repeated(data(1, Buffer.alloc(0)), 1_000),
    ]),
  CONTINUATION: (n) =>
    n === 0 ? frame(1, 0, 1, Buffer.from([0x82])) : repeated(frame(9, 0, 1, Buffer.alloc(64, 0x82)), 100),
  'WINDOW_UPDATE of 1': () => repeated(frame(8, 0, 0, Buffer.from([0, 0, 0, 1])), 1_000),
  'HEADERS that grow a thousandfold': (n) => bomb(2 * n + 1),
  'HEADERS without a token': (n) => many(n, (stream) => headers(stream, request)),
  'HEADERS and RST_STREAM': (n) =>
    many(n, (stream) => Buffer.concat([headers(stream, admitted()), rstStream(stream, 8)])),
};

function many(n: number, at: (stream: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: 50 }, (_, index) => at(2 * (50 * n + index) + 1)));
}

/** Says as much as the connection takes, and dials again when it was cut. Half of the connections never read. */
async function flood(next: (n: number) => Buffer, reads: boolean, until: number): Promise<void> {
  while (performance.now() < until) {
    const socket = stage.dial();
    if (reads) socket.resume();
    socket.write(greeting);
    for (let n = 0; performance.now() < until && !socket.destroyed; n++)
      await written(socket, next(n), until);
    socket.destroy();
  }
}

function written(socket: Socket, bytes: Buffer, until: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, until - performance.now()));
    const done = (): void => {
      clearTimeout(timer);
      socket.off('close', done);
      resolve();
    };
    socket.once('close', done);
    socket.write(bytes, done);
  });
}

for (const [name, next] of Object.entries(floods)) {
  test(`a flood of ${name} harms nobody else`, (t) =>
    stage.during(t, async () => {
      const until = performance.now() + attackMs;
      await Promise.all(
        Array.from({ length: connections }, (_, index) => flood(next, index % 2 === 0, until)),
      );
    }));
}
