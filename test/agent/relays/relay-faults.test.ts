import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Ability, Act } from '../../../src/agent/faults/injection.js';
import { openRelays } from '../../../src/agent/relays/relays.js';
import { type FaultKind, type FaultShape, plainShape } from '../../../src/fault-kinds.js';
import { testLog } from '../../support/nats.js';
import { client, soon, tcpTarget } from './relay-stage.js';

const act = (kind: FaultKind, shape: Partial<FaultShape> = {}): Act => ({
  kind,
  shape: { ...plainShape(kind), scope: 'daemon', seed: 's', ...shape },
});
const asked = (one: Act) => ({ ...one, name: 'r.f', endsAtMs: Date.now() + 30_000 });
const saidOf = (ability: Ability): string => ('by' in ability ? ability.by : ability.message);

const host = '127.0.0.1';
const at = (port: number) => ({ host, port });

async function opened(t: TestContext, port: number, ...ways: ('tcp' | 'udp' | 'here')[]) {
  const relays = await openRelays(
    ways.map((way) => ({
      node: way === 'here' ? '' : 'far',
      protocol: way === 'udp' ? 'udp' : 'tcp',
      listen: at(0),
      target: at(port),
    })),
    testLog,
  );
  t.after(() => relays.close());
  return relays;
}

test('relays do what their protocol shows, and refuse what it does not, and nodes to which they do not lead', async (t) => {
  const port = await tcpTarget(t, (socket) => socket.pipe(socket));
  const tcp = (await opened(t, port, 'tcp')).faults;
  const udp = (await opened(t, port, 'udp')).faults;
  const both = (await opened(t, port, 'udp', 'tcp', 'here')).faults;
  const said = async (faults: typeof tcp, kind: FaultKind, shape?: Partial<FaultShape>): Promise<string> =>
    saidOf(await faults.ability(act(kind, shape)));
  for (const kind of ['peers', 'partition', 'stall', 'loss', 'rate', 'delay'] as const) {
    assert.deepEqual([await said(tcp, kind), await said(udp, kind)], ['relay', 'relay'], kind);
  }
  for (const kind of ['duplicate', 'reorder'] as const) {
    assert.match(await said(tcp, kind), /shows no (duplicate|reorder)/);
    assert.equal(await said(udp, kind), 'relay');
  }
  assert.match(await said(udp, 'reset'), /^only connections of TCP/);
  assert.deepEqual([await said(both, 'reset'), await said(both, 'reorder')], ['relay', 'relay']);
  assert.match(await said(tcp, 'interface'), /no relay can do interface/);

  const from = (node: string, ...addresses: string[]) => ({ from: [{ node, addresses }] });
  assert.equal(await said(tcp, 'partition', from('far')), 'relay');
  assert.match(await said(tcp, 'partition', from('elsewhere')), /no relay to elsewhere.*elsewhere@LISTEN/);
  assert.match(await said(both, 'partition', from('far')), /cannot be told .* by no address/);
  assert.match(await said(both, 'partition', from('far', host)), /shares its address/);
  assert.equal(await said(both, 'partition', from('far', '127.0.0.2')), 'relay');
  // Whoever is not dialled from here is known by where it comes from.
  assert.equal(await said(both, 'partition', from('elsewhere', '127.0.0.2')), 'relay');
});

test('what is looked at tells how relays are disturbed, and whether daemons have felt it', async (t) => {
  const port = await tcpTarget(t, (socket) => socket.pipe(socket));
  const relays = await opened(t, port, 'tcp');
  const [relay] = relays.all;
  assert.ok(relay !== undefined);
  const socket = await client(t, relay);
  const delay = act('delay', { delayMs: 100 });
  const { canaries } = await relays.faults.proving(delay, 'r.f');
  const [traffic, way] = canaries;
  assert.ok(traffic !== undefined && way !== undefined && canaries.length === 2);
  assert.deepEqual(way.expects, { sees: 'delay', ms: 200 });
  /** The quickest of some looks: what the machine does besides makes them slower, and never quicker. */
  const quickest = async () => {
    const sights = [];
    for (let n = 0; n < 5; n++) sights.push(await way.look(AbortSignal.timeout(10_000)));
    return Math.min(...sights.map(({ through, ms }) => (through ? ms : Number.POSITIVE_INFINITY)));
  };
  const felt = async () => Number((await traffic.look(AbortSignal.timeout(10_000))).found);

  assert.ok((await quickest()) < 150);
  const injection = await relays.faults.inject(asked(delay));
  const late = await quickest();
  assert.ok(late >= 199 && late < Number.POSITIVE_INFINITY, `${late} ms`);
  const before = await felt();
  socket.write('a word');
  await once(socket, 'data');
  assert.equal((await felt()) - before, 2);
  await injection.heal();
  assert.ok((await quickest()) < 150);

  const cut = await relays.faults.inject(asked(act('partition')));
  assert.equal((await way.look(AbortSignal.timeout(30))).through, false);
  const words = once(socket, 'data');
  socket.write('another');
  await soon('it is felt', () => relay.counts().out.held > 1);
  await cut.heal();
  assert.equal(String((await words)[0]), 'another');
});

test('whether daemons have felt what only comes in is not asked: the other end may keep it back', async (t) => {
  const { faults } = await opened(t, await tcpTarget(t, (socket) => socket.pipe(socket)), 'tcp', 'udp');
  const looked = async (kind: FaultKind, shape: Partial<FaultShape>) =>
    (await faults.proving(act(kind, shape), 'r.f')).canaries.map(({ name }) => name.replace(/ [^ ]*$/, ''));
  assert.deepEqual(await looked('partition', { direction: 'in' }), ['relay tcp', 'relay udp']);
  assert.deepEqual(await looked('partition', { direction: 'out' }), [
    "the daemons' own",
    'relay tcp',
    'relay udp',
  ]);
  const doubled = await looked('duplicate', { direction: 'in', share: 0.5 });
  assert.deepEqual(doubled, ["the daemons' own", 'relay tcp'], 'of copies nobody sees this');
});

test('a way by which none of those came that are meant shows what whoever came would meet', async (t) => {
  const port = await tcpTarget(t, (socket) => socket.pipe(socket));
  const { faults } = await opened(t, port, 'here');
  const cut = act('partition', { from: [{ node: 'far', addresses: ['127.0.0.2'] }] });
  const { canaries } = await faults.proving(cut, 'r.f');
  const way = canaries.find(({ name }) => name.startsWith('relay tcp')) ?? assert.fail('it is not looked at');
  const isThrough = async (withinMs = 10_000) => (await way.look(AbortSignal.timeout(withinMs))).through;
  assert.equal(await isThrough(), true);
  const injection = await faults.inject(asked(cut));
  assert.equal(await isThrough(100), false);
  await injection.heal();
  assert.equal(await isThrough(), true);
});
