import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Bus } from '../../src/bus/bus.js';
import { subjects } from '../../src/bus/subjects.js';
import type { GetActorResponse, ListActorsResponse } from '../../src/gen/postern/v1/inspector.js';
import { ask, bearer, ownClients, startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { eventually } from '../support/processes.js';
import { inspectorOf, tell, tellKept, told } from './stage.js';

describe('who may see which machines', () => {
  let nats: TestNats;
  let hub: TestHub;
  let agents: Record<'n1' | 'n2', Bus>;
  const open: ReturnType<typeof inspectorOf>[] = [];
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    agents = { n1: await nats.agent('n1'), n2: await nats.agent('n2') };
    await tellKept(hub.bus, agents.n1, 'n1', 'b', [0, 1]);
    await tellKept(hub.bus, agents.n2, 'n2', 'b', [0, 1]);
    const controller = await nats.controller();
    const run = { ...told('x', 'y', 0), machine: 'run', id: 'r1', to: 'loading' };
    controller.publish(subjects.runTransition, { run: 'r1' }, run);
    await eventually('the run is kept', async () => {
      const { messages } = await hub.bus.page(subjects.runTransition, {}, { after: 0 });
      return messages.length === 1;
    });
  });
  after(async () => {
    for (const one of open) one.close();
    await hub.stop();
    await nats.stop();
  });

  const lookAs = async (claims: { roles: string[]; nodes?: string[]; methods?: string[] }) => {
    const clients = ownClients(hub.address);
    const { token } = await ask<{ token: string }>((done) =>
      clients.tokens.createCallerToken(
        { subject: 'carol', nodes: [], methods: [], ttlSeconds: 60, limits: undefined, email: '', ...claims },
        bearer(hub.adminToken),
        done,
      ),
    );
    clients.close();
    const inspector = inspectorOf(hub.address, token);
    open.push(inspector);
    const list = async () => {
      const { actors } = await ask<ListActorsResponse>((done) =>
        inspector.client.listActors({ filters: [], limit: 0, after: '' }, inspector.metadata, done),
      );
      return actors.map(({ machine, id }) => `${machine}/${id}`);
    };
    const get = (machine: string, id: string) =>
      ask<GetActorResponse>((done) =>
        inspector.client.getActor({ machine, id, transitions: 0 }, inspector.metadata, done),
      );
    return { ...inspector, list, get };
  };
  const withStatus = (code: status) => (thrown: unknown) =>
    thrown instanceof Error && 'code' in thrown && thrown.code === code;

  it('is said by the token: all of them, or those of its nodes and no runs', async () => {
    const all = await lookAs({ roles: ['trace'] });
    assert.deepEqual(await all.list(), ['link/n1.b', 'link/n2.b', 'run/r1']);
    const limited = await lookAs({ roles: ['operate'], nodes: ['n1'] });
    assert.deepEqual(await limited.list(), ['link/n1.b']);
    await limited.get('link', 'n1.b');
    for (const [machine, id] of [
      ['link', 'n2.b'],
      ['run', 'r1'],
      ['link', 'nobody'],
    ] as const) {
      await assert.rejects(limited.get(machine, id), withStatus(status.NOT_FOUND), id);
    }
    const seen = limited.watch({ history: 64 });
    await seen.until(({ live }) => live);
    tell(agents.n2, 'n2', 'b', [2]);
    tell(agents.n1, 'n1', 'b', [2]);
    await seen.until(({ transitions }) => transitions.includes('n1.b#2'));
    assert.deepEqual(seen.transitions, ['n1.b#0', 'n1.b#1', 'n1.b#2']);
    assert.deepEqual(seen.actors, ['n1.b s1']);
  });

  it('is nobody without the role, or whose token names other methods', async () => {
    await assert.rejects((await lookAs({ roles: ['call'] })).list(), withStatus(status.PERMISSION_DENIED));
    const some = await lookAs({ roles: ['trace'], methods: ['postern.v1.Inspector/ListActors'] });
    await some.list();
    await assert.rejects(some.get('link', 'n1.b'), withStatus(status.PERMISSION_DENIED));
  });

  it('shows that an actor has gone with the process that ran it', async () => {
    const all = await lookAs({ roles: ['trace'] });
    // No agent of this test has a place as an instance.
    const { actor, transitions } = await all.get('link', 'n1.b');
    assert.equal(actor?.gone, true);
    assert.equal(transitions[0]?.sequence, 0);
    assert.equal((await all.get('run', 'r1')).actor?.gone, false);
  });

  it('draws the machine that an actor runs by', async () => {
    const all = await lookAs({ roles: ['trace'] });
    const { definition } = await all.get('run', 'r1');
    assert.equal(
      definition?.root?.states.some(({ path }) => path === 'loading'),
      true,
    );
    assert.ok((definition?.root?.box?.width ?? 0) > 0);
  });
});
