import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameFlag, frameKind } from '../../src/rpc/frame.js';
import { callOf, open, pair, settle } from './harness.js';

const end = frameFlag.fromCaller | frameFlag.end;

describe('bytes that are ready together', () => {
  it('share one frame of their call, up to 64 KiB, in order and with their end', async (t) => {
    const { bus, hub, agent, close } = await pair({}, () => {});
    t.after(close);
    const [one, other] = [callOf(open(hub, agent)), callOf(open(hub, agent))];
    await settle(bus);
    bus.messages.length = 0;

    const early = [
      [1, 100],
      [2, 5_000],
      [3, 5_000],
    ] as const;
    const piece = (value: number, bytes: number): Buffer => Buffer.alloc(bytes, value);
    // The first fits into the memory at hand, the next does not.
    for (const [value, bytes] of early) one.write(piece(value, bytes));
    other.write(piece(4, 100));
    for (const value of [5, 6, 7]) one.write(piece(value, 30_000));
    one.end();
    other.end();
    await settle(bus);

    const frames = bus.messages.filter(({ from }) => from.name === 'hub').flatMap(({ frames }) => frames);
    const data = frames.filter(({ kind }) => kind === frameKind.data);
    const [first, second] = [data[0]?.id ?? 0, data[1]?.id ?? 0];
    assert.notEqual(first, second);
    assert.deepEqual(
      data.map(({ id, offset, flags, body }) => [id, offset, flags, body.length]),
      [
        [first, 0, frameFlag.fromCaller, 10_100],
        [second, 0, frameFlag.fromCaller, 100],
        [first, 10_100, frameFlag.fromCaller, 60_000],
        [first, 70_100, end, 30_000],
        [second, 100, end, 0],
      ],
    );
    const sent = Buffer.concat(data.filter(({ id }) => id === first).map(({ body }) => body));
    const written = early.map(([value, bytes]) => piece(value, bytes));
    const later = [5, 6, 7].map((value) => piece(value, 30_000));
    assert.ok(sent.equals(Buffer.concat([...written, ...later])));
  });
});
