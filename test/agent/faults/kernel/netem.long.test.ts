import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type FaultKind, type FaultShape, plainShape } from '../../../../src/fault-kinds.js';
import type { Exhibit, Exhibited } from '../../../support/faults/exhibit.js';
import { assertLot } from '../../../support/faults/lot.js';
import { actUnder, beyond, otherKernel } from '../../../support/faults/other-kernel.js';

const kernel = await otherKernel();
/** So many wait for a busy machine without being lost: a socket holds about 270 of them. */
const sent = 200;
const heldMs = 60;

const asked: readonly (readonly [FaultKind, Partial<FaultShape>])[] = [
  ['delay', { delayMs: 150, jitterMs: 30 }],
  ['duplicate', { share: 0.3 }],
  ['reorder', { share: 0.2, delayMs: heldMs }],
  ['loss', { share: 0.2, direction: 'out' }],
  ['rate', { bytesPerSecond: 100_000 }],
];

/** This machine's kernel may well have no netem: it is tried under one that has. */
describe('netem, under a kernel that has it', { skip: typeof kernel === 'string' ? kernel : false }, () => {
  const acted = new Map<FaultKind, Extract<Exhibited, { readonly by: string }>>();
  before(async () => {
    if (typeof kernel === 'string') return;
    const exhibits = asked.map(
      ([kind, shape], at): Exhibit => ({
        directory: `/run/acting${at}`,
        ...beyond,
        act: { kind, shape: { ...plainShape(kind), scope: 'host', ...shape } },
        ...{ forMs: 12_000, datagrams: sent, bulk: kind === 'rate' ? 300_000 : 0 },
        ...{ rival: false, meanwhile: [], dies: false, settleMs: 0 },
      }),
    );
    for (const [at, exhibited] of (await actUnder(kernel, exhibits, 480_000)).entries()) {
      if (exhibited.refused !== undefined) assert.fail(exhibited.refused.message);
      acted.set(asked[at]?.[0] ?? 'delay', exhibited);
    }
  });

  const of = (kind: FaultKind) => {
    const found = acted.get(kind);
    assert.ok(found);
    return found;
  };

  for (const [kind] of asked) {
    test(`${kind} acts, is confirmed, and leaves all as it was`, () => {
      const { by, before: was, after: is, proven, states, dropped } = of(kind);
      assert.equal(by, kind === 'rate' ? 'tbf' : 'netem');
      assert.match(states.during, new RegExp(`qdisc ${by} 5[0-9a-f]{3}: dev wan root`));
      assert.equal(states.after, states.before);
      assert.equal(was.datagrams.back, sent);
      assert.equal(is.datagrams.back, sent);
      assert.deepEqual([was.datagrams.twice, is.datagrams.twice], [0, 0]);
      // A queue that is full drops too.
      if (kind !== 'rate') assert.equal(kind === 'loss', dropped > 0);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });
  }

  test('a delay is as long as was asked for', () => {
    const { leastMs, medianMs, back } = of('delay').during.datagrams;
    assert.ok(leastMs > 119 && leastMs < 150, `${leastMs} ms at least`);
    assert.ok(medianMs > 130 && medianMs < 600, `${medianMs} ms`);
    assert.equal(back, sent);
  });

  test('as many datagrams come twice as a lot of that share gives', () => {
    const { back, twice } = of('duplicate').during.datagrams;
    assert.equal(back, sent);
    assertLot(twice, sent, 0.3);
  });

  test('as many datagrams come after later ones as a lot of that share gives', () => {
    const { back, late } = of('reorder').during.datagrams;
    assert.equal(back, sent);
    assertLot(late, sent, 0.2);
  });

  test('as many datagrams are lost as a lot of that share gives', () => {
    assertLot(of('loss').during.datagrams.back, sent, 0.8);
  });

  test('no more bytes a second go out than were to', () => {
    const { bytesPerSecond } = of('rate').during;
    assert.ok(bytesPerSecond < 110_000 && bytesPerSecond > 40_000, String(bytesPerSecond));
  });
});
