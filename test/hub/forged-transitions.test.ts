import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, jwtAuthenticator, type NatsConnection } from 'nats';
import { subjects } from '../../src/bus/subjects.js';
import { inspectorOf } from '../inspector/stage.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { startTestHub, type TestHub } from './test-hub.js';

const transition = (over: Record<string, unknown>) =>
  JSON.stringify({
    ...{ v: 1, machine: 'link', id: 'n1.b1', atMs: 1, sequence: 1, event: 'TRIED', from: 'a', to: 'b' },
    context: {},
    ...over,
  });

describe('transitions that an agent makes up', () => {
  let nats: TestNats;
  let hub: TestHub;
  let agent: NatsConnection;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    const { credentials } = await nats.credentials('agent', 'n1');
    agent = await connect({
      servers: nats.server.url,
      authenticator: jwtAuthenticator(credentials.jwt, new TextEncoder().encode(credentials.seed)),
    });
  });
  after(async () => {
    await agent.close();
    await hub.stop();
    await nats.stop();
  });

  /** What the hub tells of all machines, up to a transition that is good. */
  async function told(): Promise<string[]> {
    const inspector = inspectorOf(hub.address, hub.adminToken);
    try {
      const seen = inspector.watch({ history: 64 });
      const events = () => seen.messages.flatMap(({ transitions }) => transitions.map(({ event }) => event));
      await seen.until(() => events().includes('GOOD'));
      assert.deepEqual(
        seen.messages.flatMap(({ actors }) => actors.map(({ machine, id }) => `${machine}/${id}`)),
        ['link/n1.b1'],
      );
      return events().filter((event) => event !== 'GOOD');
    } finally {
      inspector.close();
    }
  }

  it('speak for no other machine, steer no terminal, and stop nobody who reads on', async () => {
    const subject = 'postern.inspect.link.n1.b1';
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const bad = [
      transition({ machine: 'node', id: 'n2', event: 'REVOKED' }),
      transition({ id: 'n2.b1' }),
      transition({ event: '\u001b[2J' }),
      transition({ to: 'b\nmore' }),
      transition({ atMs: 9e15 }),
      transition({ context: { text: '' } }).replace('""', deep),
    ];
    for (const body of bad) agent.publish(subject, body);
    agent.publish(subject, transition({ event: 'GOOD' }));
    await agent.flush();
    assert.deepEqual(await told(), []);

    const watcher = await nats.watcher();

    const heard = new Promise<string>((resolve) => {
      watcher.follow(subjects.linkTransition, {}, ({ body }) => {
        if (body.event === 'GOOD') resolve(body.event);
      });
    });
    assert.equal(await heard, 'GOOD');
  });
});
