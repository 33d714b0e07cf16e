import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../src/bus/bus.js';
import type { WatchRequest } from '../../src/gen/postern/v1/inspector.js';
import { startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { filter, inspectorOf, tell, tellKept } from './stage.js';

describe('a watch', () => {
  let nats: TestNats;
  let hub: TestHub;
  let other: TestHub;
  let agent: Bus;
  let inspector: ReturnType<typeof inspectorOf>;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    other = await startTestHub(nats);
    agent = await nats.agent('n1');
    inspector = inspectorOf(hub.address, hub.adminToken);
  });
  after(async () => {
    inspector.close();
    await hub.stop();
    await other.stop();
    await nats.stop();
  });

  it('tells who comes late the present state and a history at once, and then what happens', async () => {
    await tellKept(hub.bus, agent, 'n1', 'late', [0, 1, 2, 3]);
    const seen = inspector.watch({ filters: [filter({ id: 'n1.late' })], history: 2 });
    await seen.until(({ live }) => live);
    assert.deepEqual(seen.actors, ['n1.late s3']);
    assert.deepEqual(seen.transitions, ['n1.late#2', 'n1.late#3']);
    tell(agent, 'n1', 'late', [4, 5]);
    await seen.until(({ transitions }) => transitions.length >= 4);
    assert.deepEqual(seen.transitions.slice(2), ['n1.late#4', 'n1.late#5']);
    assert.equal(seen.lost, false);
  });

  it('goes on behind a place at this hub and at another one, without a gap and without a double', async () => {
    await tellKept(hub.bus, agent, 'n1', 'resumed', [0, 1]);
    const filters = [filter({ machine: 'link', id: 'n1.resumed' })];
    const first = inspector.watch({ filters });
    await first.until(({ live }) => live);
    tell(agent, 'n1', 'resumed', [2]);
    await first.until(({ transitions }) => transitions.length === 1);
    first.cancel();
    await tellKept(hub.bus, agent, 'n1', 'resumed', [3, 4]);
    const again = inspector.watch({ filters, resume: first.place });
    await again.until(({ live }) => live);
    tell(agent, 'n1', 'resumed', [5]);
    await again.until(({ transitions }) => transitions.length >= 3);
    assert.deepEqual(again.transitions, ['n1.resumed#3', 'n1.resumed#4', 'n1.resumed#5']);
    again.cancel();
    await tellKept(hub.bus, agent, 'n1', 'resumed', [6]);
    const elsewhere = inspectorOf(other.address, other.adminToken);
    const there = elsewhere.watch({ filters, resume: again.place });
    await there.until(({ live }) => live);
    assert.deepEqual(there.transitions, ['n1.resumed#6']);
    assert.equal(there.lost || again.lost, false);
    elsewhere.close();
  });

  it('says what was lost where more happened behind the place than is kept', async () => {
    await tellKept(hub.bus, agent, 'n1', 'busy', [0]);
    const filters = [filter({ id: 'n1.busy' })];
    const first = inspector.watch({ filters });
    await first.until(({ live }) => live);
    first.cancel();
    await tellKept(
      hub.bus,
      agent,
      'n1',
      'busy',
      Array.from({ length: 80 }, (_, i) => i + 1),
    );
    const again = inspector.watch({ filters, resume: first.place });
    await again.until(({ live }) => live);
    assert.equal(again.lost, true);
    await again.until(({ actors, transitions }) =>
      [...actors, ...transitions].some((one) => one.endsWith('s80') || one.endsWith('#80')),
    );
  });

  it('tells a transition once that came twice', async () => {
    await tellKept(hub.bus, agent, 'n1', 'twice', [0, 1, 1, 2, 2, 1, 3]);
    const seen = inspector.watch({ filters: [filter({ id: 'n1.twice' })] });
    await seen.until(({ live }) => live);
    tell(agent, 'n1', 'twice', [3, 4, 4, 3, 5]);
    await seen.until(({ transitions }) => transitions.some((one) => one.endsWith('#5')));
    assert.deepEqual(seen.transitions, ['n1.twice#4', 'n1.twice#5']);
  });

  it('ends after what is kept where nothing more is wanted', async () => {
    await tellKept(hub.bus, agent, 'n1', 'short', [0, 1]);
    const seen = inspector.watch({ filters: [filter({ id: 'n1.short' })], history: 64, historyOnly: true });
    await seen.until(({ ended }) => ended);
    assert.deepEqual(seen.transitions, ['n1.short#0', 'n1.short#1']);
    assert.equal(seen.messages.at(-1)?.live, true);
  });

  it('tells much in few messages', async () => {
    const seen = inspector.watch({ filters: [filter({ id: 'n1.many' })] });
    await seen.until(({ live }) => live);
    const sequences = Array.from({ length: 60 }, (_, i) => i);
    const begun = Date.now();
    for (const sequence of sequences) {
      tell(agent, 'n1', 'many', [sequence]);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await seen.until(({ transitions }) => transitions.length === sequences.length);
    const most = Math.ceil((Date.now() - begun) / 50) + 2;
    assert.ok(seen.messages.length <= most, `${seen.messages.length} messages, at most ${most}`);
  });

  it('is refused in one clear sentence where nobody can tell what is wanted', async () => {
    const bad: readonly [Partial<WatchRequest>, RegExp][] = [
      [{ resume: 'nonsense' }, /^resume: /],
      [{ resume: '1~cellar-a-1' }, /^resume: /],
      [{ filters: [filter({ machine: 'toaster' })] }, /filters\[0\]\.machine: there is no machine 'toaster'/],
      [{ filters: [filter({}), filter({ node: 'no node' })] }, /filters\[1\]\.node: 'no node'/],
      [{ filters: Array.from({ length: 65 }, () => filter({})) }, /filters: there are 65, at most 64/],
    ];
    for (const [request, says] of bad) {
      const seen = inspector.watch(request);
      await seen.until(({ error }) => error !== undefined).catch(() => {});
      assert.match(seen.error?.message ?? '', /^3 INVALID_ARGUMENT: /);
      assert.match(seen.error?.message.replace('3 INVALID_ARGUMENT: ', '') ?? '', says);
    }
  });
});
