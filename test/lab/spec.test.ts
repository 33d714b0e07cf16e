import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PosternError } from '../../src/errors.js';
import { hostsFile, hostsOf } from '../../src/lab/hosts.js';
import { checkLabSpec, parseLab, readLabFile } from '../../src/lab/spec-file.js';

function mistakes(text: string): string[] {
  try {
    parseLab(text, 'lab.yaml');
  } catch (thrown) {
    assert.ok(thrown instanceof PosternError && thrown.code === 'LAB_INVALID' && thrown.exitCode === 2);
    return thrown.message.split('\n');
  }
  return [];
}

test('every mistake of a file is told at once, with its line, in the order of the lines', () => {
  const text = `name: Foo
nodez: 3
nodes:
  Hub: {}
  wan: {}
  a: {public: true, forward: [1]}
  b:
    forward: [0, {prot: 1}, "x"]
    colour: red
  c: {forward: [5, {port: 5, to: 6}]}
  n: {count: 1000}
  n-1: {count: 0}
  m: {count: 2, names: [x.example]}
  m-2:
`;
  assert.deepEqual(mistakes(text), [
    'lab.yaml:1:1: name: must be lower-case letters, digits and hyphens, at most 63, with no hyphen at an end',
    'lab.yaml:2:1: nodez: there is no such setting',
    'lab.yaml:3:1: nodes: 1008 nodes are too many: a lab has at most 200',
    'lab.yaml:4:3: nodes.Hub: the name must be lower-case letters, digits and hyphens, at most 63, with no hyphen at an end',
    "lab.yaml:5:3: nodes.wan: 'wan' is a machine that every lab has",
    'lab.yaml:6:21: nodes.a.forward: a public node has no NAT: all its ports can be reached',
    'lab.yaml:8:15: nodes.b.forward[0]: must be a port, 1 to 65535, or {port: PORT, to: PORT, protocol: tcp or udp}',
    'lab.yaml:8:18: nodes.b.forward[1]: must be a port, 1 to 65535, or {port: PORT, to: PORT, protocol: tcp or udp}',
    'lab.yaml:8:29: nodes.b.forward[2]: must be a port, 1 to 65535, or {port: PORT, to: PORT, protocol: tcp or udp}',
    'lab.yaml:9:5: nodes.b.colour: there is no such setting',
    'lab.yaml:10:20: nodes.c.forward[1]: tcp 5 is forwarded twice',
    'lab.yaml:11:7: nodes.n.count: must be at most 200',
    'lab.yaml:12:9: nodes.n-1.count: must be at least 1',
    'lab.yaml:13:17: nodes.m.names: several nodes cannot share a name',
    "lab.yaml:14:3: nodes.m-2: there are two nodes 'm-2'",
  ]);
});

test('a file that is no YAML, or no lab at all, is told so', () => {
  assert.match(mistakes('nodes: [').join(), /^lab\.yaml:1:\d+: /);
  assert.match(mistakes('nodes: {a: {}, a: {}}').join(), /^lab\.yaml:1:16: this key is there twice$/);
  for (const text of ['', '3', 'name: x', 'nodes: {}', 'nodes: 3', 'nodes: {a: 3}']) {
    assert.equal(mistakes(text).length, 1, `${text}: ${mistakes(text)}`);
  }
  assert.deepEqual(mistakes('name: x'), [
    'lab.yaml:1:1: nodes: is missing: the names of the nodes, each with its settings',
  ]);
});

test('a file of a lab that would take long, or is too large, is refused in one line within a second', async () => {
  const level = (name: string, of: string): string =>
    `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`;
  const laughs = [
    'a0: &a0 [x]',
    ...Array.from({ length: 20 }, (_, at) => level(`a${at + 1}`, `a${at}`)),
  ].join('\n');
  const { user } = process.cpuUsage();
  const [first, ...others] = mistakes(laughs);
  assert.match(
    first ?? '',
    /^lab\.yaml:\d+:\d+: it holds more than 50000 values, with those that aliases repeat$/,
  );
  assert.deepEqual(others, []);
  assert.deepEqual(mistakes('['.repeat(500_000)), ['lab.yaml:1:1: it is nested too deep']);
  assert.deepEqual(mistakes(`# ${'x'.repeat(999_999)}`), [
    'lab.yaml:1:1: it has 1000001 bytes: more than 1000000 are not read',
  ]);
  await assert.rejects(readLabFile('/dev/zero'), {
    code: 'LAB_INVALID',
    message: 'cannot read /dev/zero: it has more than 1000000 bytes, which is more than is read',
  });
  assert.ok(process.cpuUsage().user - user < 1_000_000);
});

test('what is left out has its default, and numbered nodes stand where they were written', () => {
  const lab = parseLab('nodes: {n: {count: 2}, cellar: , relay: {public: true, names: [rdvp.example]}}', 'x');
  assert.deepEqual(
    hostsOf(lab).map(({ name, kind, address, inside }) => [name, kind, address, inside]),
    [
      ['hub', 'hub', '203.0.113.1', '203.0.113.1'],
      ['wan', 'wan', '198.18.0.1', '198.18.0.1'],
      ['n-1', 'nat', '198.18.0.10', '192.168.1.2'],
      ['n-2', 'nat', '198.18.0.11', '192.168.1.2'],
      ['cellar', 'nat', '198.18.0.12', '192.168.1.2'],
      ['relay', 'public', '198.18.0.13', '198.18.0.13'],
    ],
  );
});

test('a machine knows itself by its own address, and all others by the one that they are found at', () => {
  const hosts = hostsOf(
    checkLabSpec({ hub: { names: ['hub.example'] }, nodes: { cellar: {}, attic: null } }),
  );
  const lines = hostsFile(hosts[2], hosts).split('\n');
  assert.deepEqual(lines.slice(2, 6), [
    '203.0.113.1 hub hub.example',
    '198.18.0.1 wan',
    '192.168.1.2 cellar',
    '198.18.0.11 attic',
  ]);
});

test('as many nodes as a lab may have get addresses of their own, whatever they are called', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(names, (given) => {
      const nodes = Object.fromEntries(
        given
          .filter((name) => !['hub', 'wan', 'internet', 'localhost'].includes(name))
          .map((name) => [name, {}]),
      );
      fc.pre(Object.keys(nodes).length > 0);
      const hosts = hostsOf(checkLabSpec({ nodes }));
      assert.equal(new Set(hosts.map((host) => host.address)).size, Object.keys(nodes).length + 2);
      for (const { address } of hosts)
        assert.match(
          address,
          /^(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-4])(?:\.(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-4])){3}$/,
        );
    }),
    { numRuns: 30 },
  );
});
