import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { type FramePeer, type FrameServer, startFrameServer } from '../../support/frame-peer.js';
import { until } from '../../support/nats.js';
import { prompt } from '../../support/prompt.js';
import { data, endStream, headers, rstStream } from '../../wire/frames.js';
import type { Seen } from '../../wire/harness.js';
import {
  assertEnded,
  messageOf,
  nothingLeft,
  openCall,
  openStage,
  type Stage,
  type StagedCall,
} from './stage.js';

let stage: Stage;
let server: FrameServer;
let client: ClientHttp2Session;
const head = { ':status': '200', 'content-type': 'application/grpc' };
const good = { 'grpc-status': '0' };
const mostMs = 500;

before(async () => {
  server = await startFrameServer();
  stage = await openStage([server.address]);
  client = await stage.client();
});
after(async () => {
  await stage.stop();
  server.stop();
});

/** A call that the server has seen. */
interface Arrived {
  readonly call: StagedCall;
  readonly peer: FramePeer;
  readonly stream: number;
}

function streamsSeen(): number {
  return server.connections.reduce((sum, peer) => sum + peer.of(1).length, 0);
}

/** The stream that came to the server after the first `known` ones, over all connections. */
async function arrival(known: number): Promise<{ peer: FramePeer; stream: number }> {
  await until('the call reaches the server', () => streamsSeen() > known);
  const peer = server.last();
  return { peer, stream: peer.of(1).at(-1)?.stream ?? -1 };
}

async function arrive(path: string, more: { endStream?: boolean } = {}): Promise<Arrived> {
  const known = streamsSeen();
  const call = openCall(stage, client, path, {}, more);
  return { call, ...(await arrival(known)) };
}

/** Begins a call, ends it at the server, and checks what its client knows then, and that it knows it in time. */
async function endsInTime(
  begin: () => Promise<Arrived>,
  end: (arrived: Arrived) => void,
  check: (seen: Seen) => void,
): Promise<void> {
  await prompt(mostMs, 'the client knows', async () => {
    const arrived = await begin();
    const since = performance.now();
    end(arrived);
    await until('the call ends', () => arrived.call.stream.closed);
    const seen = await arrived.call.closed;
    const took = performance.now() - since;
    check(seen);
    return took;
  });
}

/** In which state a call is reset. */
const phases: Record<string, (path: string) => Promise<Arrived>> = {
  'before the response begins': (path) => arrive(path),
  'before the response begins, after the half-close': (path) => arrive(path, { endStream: true }),
  'after the response head': async (path) => {
    const arrived = await arrive(path);
    arrived.peer.send(headers(arrived.stream, head));
    await until('the head is there', () => arrived.call.seen.head !== undefined);
    return arrived;
  },
  'amid the response, after the half-close': async (path) => {
    const arrived = await arrive(path, { endStream: true });
    arrived.peer.send(headers(arrived.stream, head), data(arrived.stream, Buffer.from('part')));
    await until('a part is there', () => arrived.call.seen.chunks.length > 0);
    return arrived;
  },
  'while the client waits for the flow control of the server': async (path) => {
    const arrived = await arrive(path);
    arrived.call.stream.write(Buffer.alloc(4 << 20));
    await until('the server is full', () => arrived.peer.body(arrived.stream).length >= 65_535);
    arrived.peer.forgetBody(arrived.stream);
    return arrived;
  },
};

/** HTTP/2 error codes and the gRPC status for each (gRPC's PROTOCOL-HTTP2.md, "Errors"). */
const codes: readonly [name: string, code: number, status: string][] = [
  ['NO_ERROR', 0, '13'],
  ['PROTOCOL_ERROR', 1, '13'],
  ['INTERNAL_ERROR', 2, '13'],
  ['FLOW_CONTROL_ERROR', 3, '13'],
  ['SETTINGS_TIMEOUT', 4, '13'],
  ['STREAM_CLOSED', 5, '13'],
  ['FRAME_SIZE_ERROR', 6, '13'],
  ['CANCEL', 8, '1'],
  ['COMPRESSION_ERROR', 9, '13'],
  ['CONNECT_ERROR', 10, '13'],
  ['ENHANCE_YOUR_CALM', 11, '8'],
  ['INADEQUATE_SECURITY', 12, '7'],
  ['HTTP_1_1_REQUIRED', 13, '13'],
  ['a code that nobody knows', 0x1234, '13'],
];

for (const [phase, begin] of Object.entries(phases)) {
  describe(`RST_STREAM of the server ${phase} ends the call at the client`, () => {
    for (const [name, code, status] of codes) {
      test(`${name} as status ${status}`, () =>
        endsInTime(
          () => begin('/t.S/Reset'),
          ({ peer, stream }) => peer.send(rstStream(stream, code)),
          (seen) => {
            assertEnded(seen, status, name);
            assert.match(messageOf(seen), new RegExp(`the server at ${server.address} .*call`));
          },
        ));
    }
  });
}

describe('REFUSED_STREAM', () => {
  const refused = 7;

  test('before the response begins: the call is tried once more, and the client notices nothing', async () => {
    const known = streamsSeen();
    const { call, peer, stream } = await arrive('/t.S/Retry');
    call.stream.end('all of the request');
    await until('the request is there', () => peer.ends(stream) === 1);
    peer.send(rstStream(stream, refused));
    const again = await arrival(known + 1);
    await until('the request is there again', () => again.peer.ends(again.stream) === 1);
    assert.equal(again.peer.body(again.stream).toString(), 'all of the request');
    again.peer.send(headers(again.stream, head), headers(again.stream, good, endStream));
    assertEnded(await call.closed, '0', 'the second attempt');
  });

  test('twice: UNAVAILABLE, and no third attempt', async () => {
    let known = 0;
    const begin = async (): Promise<Arrived> => {
      known = streamsSeen();
      const { call, peer, stream } = await arrive('/t.S/Retry', { endStream: true });
      peer.send(rstStream(stream, refused));
      return { call, ...(await arrival(known + 1)) };
    };
    const refuse = ({ peer, stream }: Arrived): void => peer.send(rstStream(stream, refused));
    await endsInTime(begin, refuse, (seen) => {
      assertEnded(seen, '14', 'refused twice');
      assert.equal(streamsSeen(), known + 2);
    });
  });

  for (const [when, phase] of [
    ['after the response head', 'after the response head'],
    ['after more of a request than is kept', 'while the client waits for the flow control of the server'],
  ] as const) {
    test(`${when}: UNAVAILABLE, and never a second attempt`, async () => {
      let known = 0;
      const begin = (): Promise<Arrived> => {
        known = streamsSeen();
        return (phases[phase] ?? assert.fail())('/t.S/Retry');
      };
      const refuse = ({ peer, stream }: Arrived): void => peer.send(rstStream(stream, refused));
      await endsInTime(begin, refuse, (seen) => {
        assertEnded(seen, '14', when);
        assert.equal(streamsSeen(), known + 1);
      });
    });
  }
});

describe('a response without a status gets one', () => {
  const message = Buffer.from('\0\0\0\0\x05hello', 'latin1');
  /** A header block that ends the stream is trailers, though without a status: UNKNOWN. */
  const trailersOnly = ['END_STREAM on the head', 'trailers without grpc-status'];
  const ends: Record<string, (stream: number) => Buffer[]> = {
    'END_STREAM on the head': (stream) => [headers(stream, head, endStream)],
    'END_STREAM after whole messages': (stream) => [headers(stream, head), data(stream, message, endStream)],
    'END_STREAM on empty DATA': (stream) => [
      headers(stream, head),
      data(stream, message),
      data(stream, Buffer.alloc(0), endStream),
    ],
    'END_STREAM within a message': (stream) => [
      headers(stream, head),
      data(stream, message.subarray(0, 7), endStream),
    ],
    'trailers without grpc-status': (stream) => [
      headers(stream, head),
      data(stream, message),
      headers(stream, { other: 'trailer' }, endStream),
    ],
    'RST_STREAM(NO_ERROR) within a message': (stream) => [
      headers(stream, head),
      data(stream, message.subarray(0, 7)),
      rstStream(stream, 0),
    ],
  };
  for (const [how, frames] of Object.entries(ends)) {
    for (const half of [true, false]) {
      test(`${how}, ${half ? 'after the half-close' : 'with the request open'}`, () =>
        endsInTime(
          () => arrive('/t.S/None', { endStream: half }),
          ({ peer, stream }) => peer.send(...frames(stream)),
          (seen) => assertEnded(seen, trailersOnly.includes(how) ? '2' : '13', how),
        ));
    }
  }
});

describe('the end of the connection of a server is UNAVAILABLE', () => {
  for (const [phase, begin] of Object.entries(phases)) {
    for (const how of ['closed', 'reset'] as const) {
      test(`${how} ${phase}`, async () => {
        const cut = ({ peer: { socket } }: Arrived): void => {
          if (how === 'closed') socket.destroy();
          else socket.resetAndDestroy();
        };
        const lost = new RegExp(`connection to the server at ${server.address} was lost`);
        await endsInTime(
          () => begin('/t.S/Lost'),
          cut,
          (seen) => {
            assertEnded(seen, '14', how);
            assert.match(messageOf(seen), lost);
          },
        );
        await server.hangUp();
      });
    }
  }
});

test('nothing is left of all these calls', () => nothingLeft(stage));
