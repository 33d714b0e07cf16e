import assert from 'node:assert/strict';
import type { ClientHttp2Session, ServerHttp2Stream } from 'node:http2';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../../support/nats.js';
import { compiledRoot, startReady } from '../../support/processes.js';
import { prompt } from '../../support/prompt.js';
import { type RawServer, startRawServer } from '../../wire/harness.js';
import { type CallPhase, callPhases, enterPhase, type PhasedCall } from './call-phase.js';
import { nothingLeft, ok, openStage, type Stage } from './stage.js';

let stage: Stage;
let server: RawServer;
/** Calls that are open at the server, by path. */
const open = new Map<string, ServerHttp2Stream>();
/** When calls were over at the server, and the code that told it. */
const ended = new Map<string, { at: number; code: number | undefined }>();
const mostMs = 500;

before(async () => {
  server = await startRawServer((stream, headers) => {
    const called = headers[':path'] ?? '';
    open.set(called, stream);
    stream.once('close', () => {
      open.delete(called);
      ended.set(called, { at: performance.now(), code: stream.rstCode });
    });
    serve(stream, called);
  });
  const { address } = server;
  assert.ok('port' in address);
  stage = await openStage([`127.0.0.1:${address.port}`]);
});
after(async () => {
  await stage.stop();
  await server.close();
});

/** What the server does in each phase; the path ends with its name. */
function serve(stream: ServerHttp2Stream, called: string): void {
  const phase = called.slice(called.lastIndexOf('/') + 1);
  // A server that reads no more stops the client by flow control.
  if (phase !== 'BlockedRequest') stream.resume();
  if (phase === 'Stream' || phase === 'BlockedRequest') {
    stream.respond(ok);
    stream.write('first');
  } else if (phase === 'BlockedResponse') {
    stream.respond(ok);
    const flood = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(65_536))) {
        // until it must wait
      }
    };
    stream.on('drain', flood);
    flood();
  }
}

/** Waits until the server hears of the end of the call; gives how long that took, in milliseconds. */
async function cancelled(called: string, since: number): Promise<number> {
  await until(`${called} is over at the server`, () => ended.has(called));
  const { at, code } = ended.get(called) ?? assert.fail();
  assert.equal(code, 8, `${called}: by RST_STREAM(CANCEL)`);
  return at - since;
}

/** Brings a call into a phase and ends it; fails unless the server hears of that in time. */
async function endsInTime(
  service: string,
  phase: string,
  end: (call: PhasedCall, client: ClientHttp2Session) => void,
): Promise<void> {
  let times = 0;
  await prompt(mostMs, `the server hears of the end ${phase}`, async () => {
    const called = `/${service}${times++}.S/${phase}`;
    const client = await stage.client();
    const call = await enterPhase(client, called, stage.metadata);
    await settled(called, call.phase);
    const since = performance.now();
    end(call, client);
    const took = await cancelled(called, since);
    client.destroy();
    return took;
  });
}

/** Waits until the server has the call and, where it shall, no byte moves any more. */
async function settled(called: string, phase: CallPhase): Promise<void> {
  await until(`${called} reaches the server`, () => open.has(called));
  if (phase === 'HalfClosed')
    await until('the request has ended', () => open.get(called)?.readableEnded === true);
  if (phase === 'BlockedResponse') {
    const stream = open.get(called);
    await until('the server is stopped', () => stream?.writableNeedDrain === true && full(stream));
  }
}

const lengths = new WeakMap<ServerHttp2Stream, { bytes: number; looks: number }>();

/** Whether the server could send nothing for some looks in a row. */
function full(stream: ServerHttp2Stream): boolean {
  const bytes = stream.session?.socket.bytesWritten ?? 0;
  const before = lengths.get(stream);
  const looks = before?.bytes === bytes ? before.looks + 1 : 0;
  lengths.set(stream, { bytes, looks });
  return looks > 10;
}

describe('RST_STREAM(CANCEL) of the client cancels at the server within 500 ms', () => {
  for (const [phase, what] of Object.entries(callPhases)) {
    test(what, () => endsInTime('rst', phase, (call) => call.cancel()));
  }
});

describe('the end of the connection of the client cancels at the server within 500 ms', () => {
  for (const [phase, what] of Object.entries(callPhases)) {
    test(what, () => endsInTime('close', phase, (_call, client) => client.destroy()));
  }
});

test('kill -9 of the client cancels all its calls at the server within 500 ms, in every phase', async () => {
  const paths = Object.keys(callPhases).map((phase) => `/kill.S/${phase}`);
  await prompt(mostMs, 'the server hears of the end of all of them', async () => {
    for (const called of paths) ended.delete(called);
    const killed = await startReady(process.execPath, [
      path.join(compiledRoot, 'test/system/endings/call-process.js'),
      stage.address,
      JSON.stringify(stage.metadata),
    ]);
    for (const called of paths) await until(`${called} is there`, () => open.has(called));
    const since = performance.now();
    killed.signal('SIGKILL');
    const took: number[] = [];
    for (const called of paths) took.push(await cancelled(called, since));
    await killed.exited;
    return Math.max(...took);
  });
});

test('nothing is left of all these calls', async () => {
  assert.equal(open.size, 0);
  await nothingLeft(stage);
});
