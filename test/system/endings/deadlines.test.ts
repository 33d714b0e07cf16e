import assert from 'node:assert/strict';
import type { ClientHttp2Session, ServerHttp2Stream } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { until } from '../../support/nats.js';
import { prompt } from '../../support/prompt.js';
import { type RawServer, startRawServer } from '../../wire/harness.js';
import { assertEnded, messageOf, nothingLeft, ok, openCall, openStage, type Stage } from './stage.js';

let stage: Stage;
let server: RawServer;
let client: ClientHttp2Session;
/** `grpc-timeout` of the last call that reached the server, and how many have. */
let timeoutSeen = '';
let reached = 0;
const open = new Map<ServerHttp2Stream, string>();
let lastReset: number | undefined;

before(async () => {
  server = await startRawServer((stream, headers) => {
    timeoutSeen = String(headers['grpc-timeout'] ?? '');
    reached += 1;
    stream.resume();
    const path = headers[':path'] ?? '';
    open.set(stream, path);
    stream.once('close', () => {
      lastReset = stream.rstCode;
      open.delete(stream);
    });
    if (path.endsWith('/Answer')) stream.respond({ ...ok, 'grpc-status': '0' }, { endStream: true });
    else if (path.endsWith('/Hang')) stream.respond(ok);
    // Anything else is never answered.
  });
  const { address } = server;
  stage = await openStage(['path' in address ? address.path : `${address.host}:${address.port}`]);
  client = await stage.client();
});
after(async () => {
  await stage.stop();
  await server.close();
});

const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

function inMs(text: string): number {
  assert.match(text, /^\d{1,8}[HMSmun]$/);
  return Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? Number.NaN);
}

describe('a grpc-timeout reaches the server in less than was sent, and more than nothing', () => {
  for (const sent of ['2H', '3M', '30S', '30000m', '30000000u', '99999999n', '1500u']) {
    test(sent, async () => {
      // A short one may pass on its way through a busy machine.
      await until('a call reaches the server in time', async () => {
        timeoutSeen = '';
        const call = openCall(stage, client, '/t.S/Answer', { 'grpc-timeout': sent }, { endStream: true });
        await call.closed;
        return timeoutSeen !== '';
      });
      const seen = inMs(timeoutSeen);
      assert.ok(seen > 0, timeoutSeen);
      assert.ok(seen < inMs(sent), `${timeoutSeen} of ${sent}`);
      assert.ok(seen > inMs(sent) - 20_000, `${timeoutSeen} of ${sent}`);
    });
  }

  test('none stays none', async () => {
    const call = openCall(stage, client, '/t.S/Answer', {}, { endStream: true });
    assertEnded(await call.closed, '0', 'without a deadline');
    assert.equal(timeoutSeen, '');
  });
});

describe('a deadline that passes ends the call at both ends', () => {
  for (const [when, path] of [
    ['before the response begins', '/t.S/Silent'],
    ['while the response goes on', '/t.S/Hang'],
  ] as const) {
    for (const halfClosed of [true, false]) {
      test(`${when}, ${halfClosed ? 'after the half-close' : 'with the request open'}`, async () => {
        await prompt(700 + 500, 'call and handler end', async () => {
          lastReset = undefined;
          const since = performance.now();
          const call = openCall(stage, client, path, { 'grpc-timeout': '700m' }, { endStream: halfClosed });
          const seen = await call.closed;
          assertEnded(seen, '4', when);
          assert.ok(performance.now() - since > 690, 'too early');
          await until('the handler is cancelled', () => lastReset !== undefined);
          assert.equal(lastReset, 8, 'by RST_STREAM(CANCEL)');
          return performance.now() - since;
        });
      });
    }
  }

  test('while the client sends more than the server takes', async () => {
    await prompt(700 + 1_000, 'call and handler end', async () => {
      const since = performance.now();
      const call = openCall(stage, client, '/t.S/Silent', { 'grpc-timeout': '700m' });
      call.stream.write(Buffer.alloc(8 << 20));
      assertEnded(await call.closed, '4', 'blocked');
      await until('the handler is cancelled', () => open.size === 0);
      return performance.now() - since;
    });
  });

  test('while the agent is frozen: the hub keeps the time', async () => {
    await prompt(700 + 500, 'the call ends', async () => {
      stage.agent.signal('SIGSTOP');
      try {
        const since = performance.now();
        const call = openCall(stage, client, '/t.S/Silent', { 'grpc-timeout': '700m' });
        const seen = await call.closed;
        const took = performance.now() - since;
        assertEnded(seen, '4', 'a frozen agent');
        assert.equal((seen.trailers ?? seen.head)?.headers['x-postern-error'], 'DEADLINE_EXCEEDED');
        assert.ok(took > 690, `after ${took} ms`);
        return took;
      } finally {
        stage.agent.signal('SIGCONT');
      }
    });
    const next = openCall(stage, client, '/t.S/Answer', {}, { endStream: true });
    assertEnded(await next.closed, '0', 'the next call');
    await until('nothing is left at the server', () => open.size === 0);
  });
});

test('a timeout that has passed already does not touch the server', async () => {
  const before = reached;
  for (const timeout of ['0S', '0n', '00000000H']) {
    const call = openCall(stage, client, '/t.S/Answer', { 'grpc-timeout': timeout }, { endStream: true });
    assertEnded(await call.closed, '4', timeout);
  }
  assert.equal(reached, before);
});

test('a timeout that is none is refused and does not touch the server', async () => {
  const before = reached;
  for (const timeout of [
    '',
    'S',
    '5',
    '1s',
    '-1S',
    '+1S',
    '1.5S',
    '1 S',
    '0x1S',
    '123456789m',
    '1Sm',
    '١S',
  ]) {
    const headers = { 'grpc-timeout': Buffer.from(timeout).toString('latin1') };
    const call = openCall(stage, client, '/t.S/Answer', headers, { endStream: true });
    const seen = await call.closed;
    assertEnded(seen, '13', JSON.stringify(timeout));
    assert.match(messageOf(seen), /malformed grpc-timeout/);
  }
  const call = openCall(stage, client, '/t.S/Answer', { 'grpc-timeout': ['1S', '2S'] }, { endStream: true });
  assertEnded(await call.closed, '13', 'two of them');
  assert.equal(reached, before);
});

test('a deadline beyond 2^31 ms is not taken for one that has passed', async () => {
  const timeouts = ['2147484S', '99999999S', '99999999M', '99999999H'];
  const calls = timeouts.map((timeout) => ({
    timeout,
    call: openCall(stage, client, '/t.S/Hang', { 'grpc-timeout': timeout }),
  }));
  await until('all are open at the server', () => open.size === calls.length);
  // Timers that overflow fire at once, at any hop: a call with a deadline of its own tells when it was.
  const clock = openCall(stage, client, '/t.S/Hang', { 'grpc-timeout': '500m' });
  assertEnded(await clock.closed, '4', 'the clock');
  for (const { timeout, call } of calls) {
    assert.equal(call.stream.closed, false, timeout);
    assert.equal(call.seen.trailers, undefined, timeout);
    call.stream.close(8);
  }
  assert.ok(inMs(timeoutSeen) > 0);
  await until('all are cancelled', () => open.size === 0);
  await nothingLeft(stage);
});
