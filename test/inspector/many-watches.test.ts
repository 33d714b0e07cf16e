import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CreateCallerTokenResponse } from '../../src/gen/postern/v1/tokens.js';
import { ask, bearer, ownClients, startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { eventually } from '../support/processes.js';
import { inspectorOf } from './stage.js';

describe('many watches', () => {
  let nats: TestNats;
  let hub: TestHub;
  const warnings: string[] = [];
  const warned = ({ name }: Error) => warnings.push(name);
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    process.on('warning', warned);
  });
  after(async () => {
    process.off('warning', warned);
    await hub.stop();
    await nats.stop();
  });

  /** Somebody who may look on. */
  const visitor = async (subject: string) => {
    const clients = ownClients(hub.address);
    const asked = { subject, nodes: [], roles: ['trace'], ttlSeconds: 60, methods: [], email: '' };
    try {
      const { token } = await ask<CreateCallerTokenResponse>((done) =>
        clients.tokens.createCallerToken({ ...asked, limits: undefined }, bearer(hub.adminToken), done),
      );
      return inspectorOf(hub.address, token);
    } finally {
      clients.close();
    }
  };

  it('of one caller leave room for those of others, and are nothing to warn of', async () => {
    const [greedy, other] = [await visitor('greedy'), await visitor('other')];
    const seen = Array.from({ length: 520 }, () => greedy.watch());
    await eventually('all were let in or refused', async () =>
      seen.every(({ live, error }) => live || error !== undefined),
    );
    const refused = seen.filter(({ live }) => !live);
    assert.equal(refused.length, 520 - 128);
    assert.match(refused[0]?.error?.message ?? '', /^8 RESOURCE_EXHAUSTED: 128 watches of 'greedy' are open/);
    const theirs = other.watch();
    await theirs.until(({ live }) => live);
    for (const one of seen) one.cancel();
    await eventually('there is room again', async () => {
      const again = greedy.watch();
      return again
        .until(({ live }) => live)
        .then(
          () => true,
          () => false,
        );
    });
    assert.deepEqual(warnings, []);
    for (const { close } of [greedy, other]) close();
  });
});
