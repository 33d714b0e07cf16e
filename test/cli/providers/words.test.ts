import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkWorld, groundNodes } from '../../../src/cli/providers/check-world.js';
import { daemonWords, peersToDial, sendsMedia } from '../../../src/cli/providers/daemon-words.js';
import type { DaemonPlace } from '../../../src/cli/providers/ground.js';
import { inParallel } from '../../../src/cli/providers/in-parallel.js';
import { relayWords } from '../../../src/cli/providers/relay-words.js';
import { posternWords, worldEnvironment } from '../../../src/cli/providers/world-environment.js';
import { readScenario } from '../../../src/controller/scenario/read-scenario.js';
import type { Scenario } from '../../../src/controller/scenario/scenario.js';
import { PosternError } from '../../../src/errors.js';

const test1 = 'groups: {g: {members: [a, b, c], tests: {t: {type: text, amount: 2}}}}';
const read = (text: string, groups = test1): Scenario => readScenario(`${text}\n${groups}`, 'x.yaml');

/** All at ports of their own, but for those who can be reached by nobody. */
const placesBut =
  (...hidden: string[]) =>
  (node: string): DaemonPlace => {
    const at = hidden.includes(node) ? undefined : `${node}:4100`;
    return { grpc: '127.0.0.1:9091', peerListen: at && '0.0.0.0:4100', reachedAt: at };
  };

/** The values of an option among words. */
const valuesOf = (words: readonly string[], option: string): string[] =>
  words.flatMap((word, i) => (word === option ? [words[i + 1] ?? ''] : []));

const wordsOf = (scenario: Scenario, node: string, place = placesBut()): string[] => {
  const setup = scenario.nodes.find(({ names }) => names.includes(node))?.daemon;
  assert.ok(setup !== undefined);
  const dials = peersToDial(node, scenario, place);
  const rest = { data: '/d', truth: '/d/truth', seed: '7', media: sendsMedia(scenario) };
  const reach = (other: string): string | undefined => place(other).reachedAt;
  return daemonWords({ node, setup, place, reach, dials, ...rest });
};

describe('the daemons of a world', () => {
  test('of two that are told of each other one dials, and everybody whom only one is told of is dialled', () => {
    const all = read('provider: local\nnodes: {a: , b: , c: }');
    const dialled = (scenario: Scenario, ...hidden: string[]) =>
      ['a', 'b', 'c'].map((node) => valuesOf(wordsOf(scenario, node, placesBut(...hidden)), '--peer'));
    assert.deepEqual(dialled(all), [[], ['a:4100'], ['a:4100', 'b:4100']]);
    const ring = read(
      'provider: local\nnodes: {a: {daemon: {peers: b}}, b: {daemon: {peers: c}}, c: {daemon: {peers: a}}}',
    );
    assert.deepEqual(dialled(ring), [['b:4100'], ['c:4100'], ['a:4100']]);
    assert.deepEqual(dialled(all, 'c'), [[], ['a:4100'], ['a:4100', 'b:4100']]);
    assert.deepEqual(dialled(all, 'a'), [['b:4100', 'c:4100'], [], ['b:4100']]);
  });

  test('when they are many, are connected by few connections each, and in few steps with all', () => {
    const many = read(
      'provider: local\nnodes: {n: {count: 40}}',
      'groups: {g: {tests: {t: {type: text, amount: 2}}}}',
    );
    const names = many.nodes.flatMap((entry) => entry.names);
    const dialled = new Map(
      names.map((node) => [
        node,
        valuesOf(wordsOf(many, node), '--peer').map((at) => at.split(':')[0] ?? ''),
      ]),
    );
    const neighbours = (node: string): string[] =>
      names.filter((other) => dialled.get(node)?.includes(other) || dialled.get(other)?.includes(node));
    for (const node of names) {
      assert.ok(neighbours(node).length >= 6 && neighbours(node).length <= 12, node);
      let reached = new Set([node]);
      for (let step = 0; step < 4; step++)
        reached = new Set([...reached, ...[...reached].flatMap(neighbours)]);
      assert.equal(reached.size, 40, node);
    }
  });

  test('are told what the scenario says, and of short waits where it says nothing', () => {
    const told = read(`provider: lab
seed: 1
nodes:
  a: {daemon: {misbehave: {lose: 50}, acknowledge: true, min_backoff: 2s, sync: 700ms}}
  b: {daemon: {max_backoff: 20ms, idle: 9s}}
  c:
  meet: {public: true, daemon: {role: rdvp}}
  pipe: {public: true, daemon: {role: relay}}`);
    const a = wordsOf(told, 'a', placesBut('a'));
    for (const [option, value] of [
      ['--misbehave', 'lose=50'],
      ['--seed', '7/a'],
      ['--min-backoff', '2000ms'],
      ['--max-backoff', '2000ms'],
      ['--idle', '5000ms'],
      ['--sync', '700ms'],
      ['--peer-listen', 'off'],
      ['--rdvp', 'meet:4100'],
      ['--relay', 'pipe:4100'],
      ['--role', 'peer'],
    ] as const) {
      assert.deepEqual(valuesOf(a, option), [value], option);
    }
    assert.ok(a.includes('--acknowledge'));
    const b = wordsOf(told, 'b');
    assert.deepEqual(
      ['--min-backoff', '--max-backoff', '--idle', '--sync', '--misbehave'].map((option) =>
        valuesOf(b, option),
      ),
      [['20ms'], ['20ms'], ['9000ms'], [], []],
    );
    assert.deepEqual(valuesOf(b, '--advertise'), ['b:4100']);
    const pipe = wordsOf(told, 'pipe');
    assert.deepEqual([valuesOf(pipe, '--relay'), valuesOf(pipe, '--role')], [[], ['relay']]);
    assert.deepEqual(
      groundNodes(told).map(({ name, relayed }) => [name, relayed]),
      [
        ['a', true],
        ['b', true],
        ['c', true],
        ['meet', true],
        ['pipe', false],
      ],
    );
  });

  test('take images where a test sends some', () => {
    const media = test1.replace('text', 'media');
    const nodes = 'provider: local\nnodes: {a: , b: , c: }';
    assert.deepEqual(valuesOf(wordsOf(read(nodes, media), 'a'), '--dialect'), ['berty.protocol.v1']);
    assert.deepEqual(valuesOf(wordsOf(read(nodes), 'a'), '--dialect'), []);
  });
});

describe('where faults act by relays, the agent of a node', () => {
  const ground = (relays: boolean) => ({
    place: (node: string) => ({
      grpc: '127.0.0.1:1',
      peerListen: node === 'hidden' ? undefined : `127.0.0.1:${relays ? 3 : 2}`,
      reachedAt: node === 'hidden' ? undefined : `${node}:2`,
    }),
    addresses: (node: string) => [`ip-of-${node}`],
    relays: () => (relays ? { listen: '127.0.0.1:2', host: '127.0.0.1', port: 10 } : undefined),
  });

  test('leads to each node that its daemon is told of, and all who come to its daemon', () => {
    const { words, reach } = relayWords(ground(true), 'a', ['b', 'hidden', 'a', 'c', 'b']);
    assert.deepEqual(words, [
      ...['--daemon-address', 'ip-of-a'],
      ...['--daemon-relay', '127.0.0.1:2=127.0.0.1:3'],
      ...['--daemon-relay', 'b@127.0.0.1:10=b:2'],
      ...['--daemon-relay', 'c@127.0.0.1:11=c:2'],
    ]);
    assert.deepEqual(['b', 'c', 'hidden', 'd'].map(reach), [
      '127.0.0.1:10',
      '127.0.0.1:11',
      undefined,
      undefined,
    ]);
    assert.deepEqual(relayWords(ground(true), 'hidden', ['b']).words.slice(2), [
      '--daemon-relay',
      'b@127.0.0.1:10=b:2',
    ]);
  });

  test('says only where others find it where there are none', () => {
    const { words, reach } = relayWords(ground(false), 'a', ['b']);
    assert.deepEqual(words, ['--daemon-address', 'ip-of-a']);
    assert.equal(reach('b'), 'b:2');
  });
});

describe('what a provider cannot do is refused before anything is started', () => {
  const refused = (scenario: Scenario, provider: 'local' | 'lab'): string => {
    try {
      checkWorld(scenario, provider);
      return 'nothing';
    } catch (thrown) {
      assert.ok(thrown instanceof PosternError);
      assert.deepEqual([thrown.code, thrown.exitCode], ['WORLD_INVALID', 2]);
      return `${thrown.message}; ${thrown.hint}`;
    }
  };

  test('faults between the daemons of this machine where these are told of others that no relay leads to', () => {
    const cut = 'faults: [{kind: peers, at: 0s, for: 1s}]\nprovider: lab';
    const met = read(`nodes: {a: , b: , c: , meet: {daemon: {role: rdvp}}}\n${cut}`);
    assert.match(refused(met, 'local'), /^its faults act by relays.*meet \(rdvp\).*provider: lab/);
    assert.equal(refused(met, 'lab'), 'nothing');
    assert.equal(refused(read(`nodes: {a: , b: , c: }\n${cut}`), 'local'), 'nothing');
    const many = read(`nodes: {a: , b: , c: , n: {count: 58}}\n${cut}`);
    assert.match(refused(many, 'local'), /61 nodes need too many/);
  });

  test('peers of a lab who can be reached through a relay that nobody knows of', () => {
    const relay = 'nodes: {a: , b: , c: , pipe: {public: true, daemon: {role: relay}}';
    assert.match(refused(read(`provider: lab\n${relay}}`), 'lab'), /^a can be reached only through a relay/);
    const met = read(`provider: lab\n${relay}, meet: {public: true, daemon: {role: rdvp}}}`);
    assert.equal(refused(met, 'lab'), 'nothing');
    assert.equal(refused(read(`provider: lab\n${relay}}\ndaemon: {relay: []}`), 'lab'), 'nothing');
  });
});

test('programs of a world hear nothing of what was set for the command that starts it', () => {
  const env = worldEnvironment(
    {
      PATH: '/bin',
      POSTERN_TOKEN: 'x',
      POSTERN_HUB: 'y',
      HTTPS_PROXY: 'p',
      no_proxy: 'n',
      POSTERN_NATS_SERVER: '/n',
    },
    'mark',
  );
  const { POSTERN_DIST: _, ...rest } = env;
  assert.deepEqual(rest, { PATH: '/bin', POSTERN_NATS_SERVER: '/n', POSTERN_WORLD: 'mark' });
  assert.equal(posternWords(['up'])[0], process.execPath);
});

test('so many at once are worked on, and none is begun after a failure', async () => {
  let [now, most, begun] = [0, 0, 0];
  const work = async (one: number) => {
    begun += 1;
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    if (one === 5) throw new Error('the fifth');
  };
  await assert.rejects(inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2, work), /the fifth/);
  assert.equal(most, 2);
  assert.ok(begun < 8, `${begun} were begun`);
  begun = 0;
  await inParallel([1, 2, 3], 9, work);
  assert.equal(begun, 3);
});
