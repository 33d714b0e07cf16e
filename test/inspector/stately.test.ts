import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import type { Bus } from '../../src/bus/bus.js';
import type { OpenStatelyResponse } from '../../src/gen/postern/v1/inspector.js';
import type { CreateCallerTokenResponse } from '../../src/gen/postern/v1/tokens.js';
import { ask, bearer, ownClients, startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { inspectorOf, tell, tellKept } from './stage.js';

type Event = { type: string; sessionId: string; snapshot?: { value: unknown }; event?: { type: string } };

describe("the endpoint for Stately's tools", () => {
  let nats: TestNats;
  let hub: TestHub;
  let agents: Record<'n1' | 'n2', Bus>;
  const sockets: WebSocket[] = [];
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    agents = { n1: await nats.agent('n1'), n2: await nats.agent('n2') };
  });
  after(async () => {
    for (const socket of sockets) socket.terminate();
    await hub.stop();
    await nats.stop();
  });

  const ticket = async (token: string): Promise<string> => {
    const inspector = inspectorOf(hub.address, token);
    try {
      const { path } = await ask<OpenStatelyResponse>((done) =>
        inspector.client.openStately({}, inspector.metadata, done),
      );
      return path;
    } finally {
      inspector.close();
    }
  };
  /** A token to look on. */
  const tracer = async (nodes: string[]): Promise<CreateCallerTokenResponse> => {
    const clients = ownClients(hub.address);
    const asked = { subject: 'carol', nodes, roles: ['trace'], ttlSeconds: 60, methods: [], email: '' };
    try {
      return await ask((done) =>
        clients.tokens.createCallerToken({ ...asked, limits: undefined }, bearer(hub.adminToken), done),
      );
    } finally {
      clients.close();
    }
  };
  /** What Stately's own receiver reads: text messages that are JSON, each an event. */
  const receive = (path: string) => {
    const socket = new WebSocket(`ws://${hub.address}${path}`);
    sockets.push(socket);
    const events: Event[] = [];
    let closed: number | undefined;
    socket.on('message', (data, binary) => {
      assert.equal(binary, false);
      events.push(JSON.parse(String(data)));
    });
    socket.on('close', (code) => {
      closed = code;
    });
    return { events, closed: () => closed };
  };

  it('tells actors, events and snapshots, of the nodes alone that the token covers', async () => {
    await tellKept(hub.bus, agents.n1, 'n1', 'b', [0, 1]);
    await tellKept(hub.bus, agents.n2, 'n2', 'b', [0, 1]);
    const { token } = await tracer(['n1']);
    const { events } = receive(await ticket(token));
    await until('the actors are told', () => events.length > 0);
    tell(agents.n2, 'n2', 'b', [2]);
    tell(agents.n1, 'n1', 'b', [2]);
    await until('a transition is told', () => events.some(({ type }) => type === '@xstate.snapshot'));
    assert.deepEqual(
      events.map(({ type, sessionId, snapshot, event }) => [type, sessionId, snapshot?.value, event?.type]),
      [
        ['@xstate.actor', 'link/n1.b', 's1', undefined],
        ['@xstate.event', 'link/n1.b', undefined, 'E2'],
        ['@xstate.snapshot', 'link/n1.b', 's2', 'E2'],
      ],
    );
  });

  it('ends soon after the token behind its ticket was taken back, and takes no ticket of one', async () => {
    await tellKept(hub.bus, agents.n1, 'n1', 'c', [0]);
    const { token, id } = await tracer([]);
    const [used, kept] = [await ticket(token), await ticket(token)];
    const open = receive(used);
    await until('it is open', () => open.events.length > 0);
    const clients = ownClients(hub.address);
    await ask((done) => clients.tokens.revokeToken({ id }, bearer(hub.adminToken), done));
    clients.close();
    await until('it is ended', () => open.closed() !== undefined);
    const late = receive(kept);
    await until('the other is refused', () => late.closed() !== undefined);
    assert.deepEqual([open.closed(), late.closed(), late.events.length], [1008, 1008, 0]);
  });

  it('takes each ticket once, and nobody without', async () => {
    const path = await ticket(hub.adminToken);
    const first = receive(path);
    await until('it is open', () => first.events.length > 0);
    const again = receive(path);
    const none = receive('/inspect/stately');
    await until('both are closed', () => again.closed() !== undefined && none.closed() !== undefined);
    assert.deepEqual([again.closed(), none.closed(), again.events.length], [1008, 1008, 0]);
    assert.equal(first.closed(), undefined);
  });
});
