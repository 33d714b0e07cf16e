import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { until } from '../nats.js';
import { type OddCall, oddCall } from './odd-call.js';
import type { OddServer } from './odd-server.js';

/** What a case of the table of calls needs: a client of the hub, and the server behind the callee. */
export interface CallsSetting {
  readonly session: ClientHttp2Session;
  /** Names the node and shows the token. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly server: OddServer;
}

type CallCase = (setting: CallsSetting) => Promise<void>;

const MiB = 1024 * 1024;
/** A call that was ended has to be over at the other end within this. */
const promptMs = 500;

/** Calls, waits for the end, and checks the status. */
async function whole(
  { session, metadata }: CallsSetting,
  method: string,
  status: string,
  options: { body?: Uint8Array | string; more?: Record<string, string | string[]> } = {},
): Promise<OddCall> {
  const call = oddCall(session, method, { ...metadata, ...options.more }, options.body ?? '');
  await call.over;
  assert.equal(call.status(), status, `${method}: ${call.message()}`);
  return call;
}

/** A call that has reached the server. */
async function begun(
  { session, metadata, server }: CallsSetting,
  method: string,
  more: Record<string, string> = {},
): Promise<OddCall> {
  const call = oddCall(session, method, { ...metadata, ...more });
  await until(
    `${method} has reached the server`,
    () => server.open.has(call.id) || server.ended.has(call.id),
  );
  return call;
}

/** Waits until a call is over at the server, and tells how long that took and with which code. */
async function cancelledAt(server: OddServer, call: OddCall): Promise<{ afterMs: number; code: number }> {
  const since = performance.now();
  await until('the server has heard of the end', () => server.ended.has(call.id));
  return { afterMs: performance.now() - since, code: server.ended.get(call.id) ?? -1 };
}

/** gRPC's table of what a reset of HTTP/2 means (PROTOCOL-HTTP2.md, "Errors"), without NO_ERROR. */
const resets: readonly (readonly [code: number, status: string])[] = [
  [1, '13'],
  [2, '13'],
  [3, '13'],
  [7, '14'],
  [8, '1'],
  [11, '8'],
  [12, '7'],
];

/** What HTTP answers mean that are none of gRPC (http-grpc-status-mapping.md). */
const httpAnswers: readonly (readonly [http: number, status: string])[] = [
  [400, '13'],
  [401, '16'],
  [403, '7'],
  [404, '12'],
  [429, '14'],
  [502, '14'],
  [503, '14'],
  [504, '14'],
  [200, '2'],
  [418, '2'],
];

/** Units of `grpc-timeout` in milliseconds. */
const unitMs: Readonly<Record<string, number>> = { u: 0.001, m: 1, S: 1000 };

/** What every callee has to do right, by what it is; each case with calls of its own. */
export const callCases: Readonly<Record<string, CallCase>> = {
  'values of one name keep their order, both ways, and all else of a head is passed on': async (setting) => {
    const more = { 'x-many': ['2', '1', '3'], 'x-many-bin': ['AQ==', 'AA=='], 'user-agent': 'odd/1' };
    const call = await whole(setting, 'Headers', '0', { more: { ...more, 'x-latin': 'caf\u00e9' } });
    const raw: unknown = JSON.parse(call.text);
    assert.ok(Array.isArray(raw));
    const values = (name: string): unknown[] => raw.filter((_value, i) => i % 2 === 1 && raw[i - 1] === name);
    assert.deepEqual(values('x-many').join(', '), '2, 1, 3');
    assert.deepEqual(values('x-many-bin').join(', '), 'AQ==, AA==');
    assert.deepEqual(values('user-agent'), ['odd/1']);
    assert.deepEqual(values('te'), ['trailers']);
    assert.deepEqual(values('content-type'), ['application/grpc']);
    assert.deepEqual(values('x-latin'), ['caf\u00e9']);
    assert.deepEqual(values('grpc-timeout'), []);
    assert.deepEqual(values('x-postern-node'), []);
    assert.equal(call.head?.['x-head'], 'b, a, c');
    assert.equal(call.head?.['x-head-bin'], '/w==, /g==');
    assert.equal(call.trailers?.['x-end'], '3, 1, 2');
    assert.equal(call.trailers?.['x-end-bin'], 'AAE=, AAI=');
  },

  'a response of trailers only stays one header block': async (setting) => {
    const call = await whole(setting, 'TrailersOnly-5', '5');
    assert.ok(call.headOnly);
    assert.equal(call.message(), 'as asked');
    assert.equal(call.head?.['x-only'], '2, 1');
  },

  'a head comes before the first message, and the request may stay open': async (setting) => {
    const call = await begun(setting, 'Hang');
    await until('the head has come', () => call.head !== undefined);
    assert.equal(call.head?.['grpc-status'], undefined);
    call.stream.destroy();
  },

  'a half-close reaches the server, with and without bytes before it': async (setting) => {
    assert.equal((await whole(setting, 'Count', '0', { body: 'four' })).text, '4');
    assert.equal((await whole(setting, 'Count', '0')).text, '0');
    const late = await begun(setting, 'Count');
    late.stream.write('12');
    late.stream.end();
    await late.over;
    assert.deepEqual([late.status(), late.text], ['0', '2']);
  },

  'bytes go both ways at once': async (setting) => {
    const call = await begun(setting, 'Echo');
    for (const text of ['one', 'two', 'three']) {
      const had = call.bytes;
      call.stream.write(text);
      await until(`${text} has come back`, () => call.bytes === had + text.length);
    }
    call.stream.end();
    await call.over;
    assert.deepEqual([call.status(), call.text], ['0', 'onetwothree']);
  },

  'a request of 3 MiB and a response of 3 MiB pass': async (setting) => {
    assert.equal((await whole(setting, 'Count', '0', { body: Buffer.alloc(3 * MiB) })).text, String(3 * MiB));
    assert.equal((await whole(setting, `Bytes-${3 * MiB}`, '0')).bytes, 3 * MiB);
    assert.equal((await whole(setting, 'Echo', '0', { body: Buffer.alloc(3 * MiB, 1) })).bytes, 3 * MiB);
  },

  'a client that goes away ends the call at the server, with CANCEL': async (setting) => {
    for (const method of ['Hang', 'Silent', 'Flow']) {
      const call = await begun(setting, method);
      call.stream.close(8);
      const { afterMs, code } = await cancelledAt(setting.server, call);
      assert.equal(code, 8, method);
      assert.ok(afterMs < promptMs, `${method}: ${afterMs} ms`);
    }
  },

  'a deadline ends the call at both ends': async (setting) => {
    for (const method of ['Silent', 'Hang']) {
      const call = await begun(setting, method, { 'grpc-timeout': '300m' });
      await call.over;
      assert.equal(call.status(), '4', method);
      const { afterMs } = await cancelledAt(setting.server, call);
      assert.ok(afterMs < promptMs, `${method}: ${afterMs} ms`);
    }
  },

  'the server is told what remains of a deadline': async (setting) => {
    for (const [given, mostMs] of [
      ['9000m', 9000],
      ['20S', 20_000],
    ] as const) {
      const call = await whole(setting, 'Headers', '0', { more: { 'grpc-timeout': given } });
      const told = /"grpc-timeout","(\d{1,8})([umS])"/.exec(call.text);
      const toldMs = Number(told?.[1]) * (unitMs[told?.[2] ?? ''] ?? Number.NaN);
      assert.ok(toldMs <= mostMs && toldMs > mostMs - 5000, `${given}: ${call.text}`);
    }
    // Ten thousand years overflow many a timer.
    await whole(setting, 'Headers', '0', { more: { 'grpc-timeout': '99999999H' } });
  },

  'a response that ends before its request is whole': async (setting) => {
    const call = await begun(setting, 'Early');
    await call.over;
    assert.deepEqual([call.status(), call.text], ['0', 'early']);
    const { code } = await cancelledAt(setting.server, call);
    assert.equal(code, 0);
  },

  'resets of the server map as gRPC says': async (setting) => {
    for (const [code, status] of resets) {
      await whole(setting, `Reset-${code}`, status);
      assert.equal((await whole(setting, `ResetLate-${code}`, status)).text.slice(0, 4), 'some');
    }
  },

  'plain HTTP answers map as gRPC says': async (setting) => {
    for (const [http, status] of httpAnswers) await whole(setting, `Http-${http}`, status);
  },

  'an answer without a status is INTERNAL': async (setting) => {
    await whole(setting, 'NoStatus', '13');
    await whole(setting, 'Reset-0', '13');
  },

  'a reader that stopped does not stop other calls': async (setting) => {
    const { session, metadata } = setting;
    const stalled = Array.from({ length: 8 }, () => oddCall(session, 'Flow', metadata, ''));
    for (const call of stalled) call.stream.pause();
    const unread = await begun(setting, 'Stall');
    unread.stream.write(Buffer.alloc(MiB));
    const calls = Array.from({ length: 100 }, () =>
      whole(setting, 'Echo', '0', { body: Buffer.alloc(1000) }),
    );
    for (const call of await Promise.all(calls)) assert.equal(call.bytes, 1000);
    for (const call of [...stalled, unread]) call.stream.close(8);
    for (const call of [...stalled, unread]) await cancelledAt(setting.server, call);
  },
};
