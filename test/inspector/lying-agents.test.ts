import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../src/bus/bus.js';
import { subjects } from '../../src/bus/subjects.js';
import { startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { filter, inspectorOf, tell, tellKept, told } from './stage.js';

describe('an agent that lies', () => {
  let nats: TestNats;
  let hub: TestHub;
  let liar: Bus;
  let inspector: ReturnType<typeof inspectorOf>;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    liar = await nats.agent('liar');
    inspector = inspectorOf(hub.address, hub.adminToken);
  });
  after(async () => {
    inspector.close();
    await hub.stop();
    await nats.stop();
  });

  /** Numbers that take more room when they are written again: 5 bytes become 22. */
  const swelling = { numbers: JSON.parse(`[${Array.from({ length: 40_000 }, () => '1e20').join()}]`) };
  const many = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`EVENT_${i}`, 1]));
  const lies = [{ context: swelling }, { detail: swelling }, { ignored: many }];

  for (const lie of lies) {
    const what = Object.keys(lie).join();
    it(`breaks no watch with more in its ${what} than any machine tells`, async () => {
      const boot = `large-${what}`;
      const seen = inspector.watch({ filters: [filter({ node: 'liar', machine: 'link' })] });
      await seen.until(({ live }) => live);
      for (let i = 0; i < 6; i++) {
        liar.publish(
          subjects.linkTransition,
          { node: 'liar', boot: `${boot}-${i}` },
          told('liar', `${boot}-${i}`, 1, lie),
        );
      }
      tell(liar, 'liar', `${boot}-after`, [0]);
      await seen.until(({ transitions }) => transitions.includes(`liar.${boot}-after#0`));
      assert.deepEqual(
        seen.transitions.filter((one) => one.startsWith(`liar.${boot}`)),
        [`liar.${boot}-after#0`],
      );
      seen.cancel();
    });
  }

  it('is heard of in what is told at first, too', async () => {
    await tellKept(hub.bus, liar, 'liar', 'honest', [0]);
    const seen = inspector.watch({ history: 64 });
    await seen.until(({ live }) => live);
    assert.ok(seen.actors.includes('liar.honest s0'));
  });
});
