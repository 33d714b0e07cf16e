import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, jwtAuthenticator, type NatsConnection } from 'nats';
import { subjects } from '../../src/bus/subjects.js';
import type { FollowResponse } from '../../src/gen/postern/v1/inspect.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { bearer, ownClients, startTestHub, type TestHub } from './test-hub.js';

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

  /** What the hub tells of the machines of links, up to one that is good. */
  async function told(): Promise<string[]> {
    const clients = ownClients(hub.address);
    const events: string[] = [];
    try {
      const stream = clients.inspect.follow(
        { machine: 'link', node: '', historyOnly: false },
        bearer(hub.adminToken),
      );
      for await (const { event } of stream as AsyncIterable<FollowResponse>) {
        if (event === 'GOOD') break;
        events.push(event);
      }
    } finally {
      clients.close();
    }
    return events;
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
