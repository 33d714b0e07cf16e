import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ActivityEvent, ActivityType } from '../../../src/gen/internal/activity.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';
import { RecordedTarget } from '../recorded-target.js';
import { bindKey, StandIn } from '../stand-in.js';
import { bareCall, type TestHub } from '../test-hub.js';
import { oldProgram } from './old-program.js';
import { handMadeToken, keptActivity, lookOn, startHubIn } from './stage.js';

const path = '/pkg.Service/Method';
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const [permissionDenied, invalidArgument] = [7, 3];

describe('activity of several hubs', () => {
  let nats: TestNats;
  let hubs: TestHub[];
  let admin: string;
  const target = new RecordedTarget();
  const agents: StandIn[] = [];
  const hub = (i: number): TestHub => hubs[i] ?? assert.fail();
  const call = (node: string, headers: Record<string, string> = {}, to = path, at = 0) =>
    bareCall(hub(at).address, { authorization: `Bearer ${admin}`, name: node, ...headers }, to);
  const kept = async (type: keyof typeof ActivityType): Promise<ActivityEvent[]> =>
    keptActivity(hub(0).address, admin, { types: [ActivityType[type]] });
  const joined = async (node: string): Promise<StandIn> => {
    const agent = await StandIn.start(nats, await bindKey(hub(0), node), target);
    agents.push(agent);
    await agent.join();
    await until('both hubs know it', async () => {
      const both = await Promise.all([call(node, {}, path, 0), call(node, {}, path, 1)]);
      return both.every(({ status }) => status === 0);
    });
    return agent;
  };

  before(async () => {
    nats = await startTestNats();
    hubs = [await startHubIn(nats, 'one'), await startHubIn(nats, 'two')];
    admin = hub(0).adminToken;
  });
  after(async () => {
    for (const agent of agents) agent.vanish();
    for (const each of hubs) await each.stop();
    await nats.stop();
  });

  it('is told to programs of before in their own words, and who is connected', async () => {
    const program = oldProgram(hub(1).address, admin);
    await program.begun;
    const agent = await joined('testserver');
    await until('calls are told', () =>
      program.heard.includes(`proxying gRPC request (${path}) to: testserver`),
    );
    const { count, clients } = await program.listClients();
    assert.deepEqual([count, clients.map(({ name }) => name)], [1, ['testserver']]);
    assert.ok(Date.now() - Date.parse(clients[0]?.connectionTime ?? '') < 60_000);
    assert.match(clients[0]?.uptime ?? '', /^\d+s$/);
    agent.bye('stopped');
    agent.vanish();
    await until('its end is told', () => program.heard.includes('unregistered client with name: testserver'));
    assert.equal(program.heard[0], 'registered client with name: testserver');
    program.stop();
  });

  it('tells once of each instance that joins and leaves, whichever hub watches over it', async () => {
    const agent = await joined('wanderer');
    const { instance } = agent;
    const about = async (type: keyof typeof ActivityType) =>
      (await kept(type)).filter(({ node }) => node === 'wanderer').map((event) => event.instance);
    await until('it is told', async () => (await about('ACTIVITY_TYPE_CLIENT_REGISTERED')).length > 0);
    // the other hub takes over, and this one comes back
    const [first] = hubs;
    await first?.stop();
    await assert.rejects(startHubIn(nats, 'one', { listen: [hub(1).address] }), { code: 'PORT_IN_USE' });
    hubs[0] = await startHubIn(nats, 'one');
    await until('it takes calls again', async () => (await call('wanderer')).status === 0);
    agent.bye('stopped');
    agent.vanish();
    await until('its end is told', async () => (await about('ACTIVITY_TYPE_CLIENT_UNREGISTERED')).length > 0);
    assert.deepEqual(await about('ACTIVITY_TYPE_CLIENT_REGISTERED'), [instance]);
    assert.deepEqual(await about('ACTIVITY_TYPE_CLIENT_UNREGISTERED'), [instance]);
    assert.deepEqual(
      await kept('ACTIVITY_TYPE_GAP'),
      [],
      'a hub that was stopped, or could not start, leaves no gap',
    );
  });

  it('says of a call who called what, how it ended and its trace, and adds nothing to it', async () => {
    const agent = await joined('cellar');
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const token = await handMadeToken(nats, { subject: 'ci', nodes: ['cellar'] });
    target.calls.length = 0;
    await call('cellar', { authorization: `Bearer ${token}`, traceparent }, path, 1);
    assert.deepEqual(target.calls[0]?.head.metadata, [
      'content-type',
      'application/grpc',
      'traceparent',
      traceparent,
    ]);
    const told = () => keptActivity(hub(0).address, admin, { traceId: trace });
    await until('it is told', async () => (await told()).length > 0);
    const [event, ...others] = await told();
    assert.deepEqual(others, []);
    const { cursor, timeMs, durationUs, callId, hub: by, ...rest } = event ?? assert.fail();
    assert.ok(Math.abs(timeMs - Date.now()) < 60_000 && durationUs > 0);
    assert.match(callId, new RegExp(`^${by}-\\d+$`));
    assert.deepEqual(rest, {
      ...{
        message: `proxying gRPC request (${path}) to: cellar`,
        type: ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED,
      },
      ...{ node: 'cellar', method: path.slice(1), caller: 'ci', code: 0, requestBytes: 5, responseBytes: 0 },
      ...{ traceId: trace, instance: agent.instance, transport: '', made: false, reason: '' },
      ...{ count: 0, lost: 0, lostFromMs: 0, lostToMs: 0 },
      ...{ actor: '', operation: '', note: '', outcome: '' },
    });
    const story = await keptActivity(hub(0).address, admin, { callId });
    assert.deepEqual(story, [event]);
    assert.match(cursor, /^[0-9a-z]+-\d+/);
  });

  it('shows calls that are open for long before they end, and their end', async () => {
    const onlooker = lookOn(hub(0).address, admin, { methods: ['pkg.Service/Hang'] });
    await onlooker.begun;
    const open = call('cellar', { 'grpc-timeout': '4S' }, '/pkg.Service/Hang', 1);
    await until('it is told of', () => onlooker.events.length === 1);
    assert.equal(onlooker.events[0]?.type, ActivityType.ACTIVITY_TYPE_REQUEST_OPENED);
    assert.equal((await open).status, 4);
    await until('its end is told', () => onlooker.events.length === 2);
    const [opened, ended] = onlooker.events;
    assert.deepEqual([ended?.type, ended?.code], [ActivityType.ACTIVITY_TYPE_REQUEST_PROXIED, 4]);
    assert.ok((ended?.durationUs ?? 0) >= 4_000_000 && ended?.callId === opened?.callId);
    onlooker.stop();
  });

  it('sums up calls that are refused in masses, loses none of them and tells no secret', async () => {
    const before = (await kept('ACTIVITY_TYPE_REQUEST_REFUSED')).length;
    const secret = await handMadeToken(nats, { subject: 'mallory', roles: ['join'] });
    const refused = 150;
    for (let i = 0; i < refused; i += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, k) => {
          const [as, to] = [
            (i + k) % 2 === 0 ? secret : `${secret}x`,
            `/pkg.S${(i + k) % 100}/M?token=${secret}`,
          ];
          return call('cellar', { authorization: `Bearer ${as}` }, to);
        }),
      );
    }
    const told = async () => (await kept('ACTIVITY_TYPE_REQUEST_REFUSED')).slice(before);
    await until('all are told', async () => {
      const count = (await told()).reduce((sum, event) => sum + event.count, 0);
      return count >= refused;
    });
    const events = await told();
    assert.equal(
      events.reduce((sum, { count }) => sum + count, 0),
      refused,
    );
    assert.deepEqual([...new Set(events.map(({ code }) => code))].sort(), [16, 7]);
    const text = JSON.stringify(await keptActivity(hub(0).address, admin));
    for (const part of secret.split('.')) assert.ok(!text.includes(part), 'a part of a token was told');
  });

  it('is for those who may look on, and tells of the nodes of their tokens alone', async () => {
    await joined('attic');
    for (const roles of [['call'], ['join']] as const) {
      const onlooker = lookOn(hub(0).address, await handMadeToken(nats, { roles }));
      assert.equal(await onlooker.ended, permissionDenied);
      onlooker.stop();
    }
    for (const roles of [['trace'], ['operate']] as const) {
      const token = await handMadeToken(nats, { roles, nodes: ['att*'] });
      const seen = async () => new Set((await keptActivity(hub(0).address, token)).map(({ node }) => node));
      await until('it is told of its own', async () => (await seen()).has('attic'));
      assert.deepEqual([...(await seen())], ['attic']);
      assert.deepEqual(await keptActivity(hub(0).address, token, { nodes: ['cellar'] }), []);
    }
    for (const wrong of [
      { afterCursor: 'x' },
      { nodes: ['A B'] },
      { methods: ['a/b/c'] },
      { traceId: '12' },
      { types: [ActivityType.UNRECOGNIZED] },
    ]) {
      const onlooker = lookOn(hub(0).address, admin, wrong);
      assert.equal(await onlooker.ended, invalidArgument, JSON.stringify(wrong));
      onlooker.stop();
    }
  });
});
