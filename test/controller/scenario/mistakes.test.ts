import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadOptions } from '../../../src/controller/scenario/read-scenario.js';
import { mistakesOf, warningsOf, wordsOf } from '../scenarios.js';

const lab: ReadOptions = { provider: 'lab' };
const tests = 'tests: {t: {type: text, amount: 61}}';
/** Two nodes and a group, of which one part is another one. */
const withNodes = (nodes: string) => `nodes: ${nodes}\ngroups: {g: {${tests}}}`;
const withGroup = (group: string) => `nodes: {a: , b: , c: {daemon: {role: relay}}}\ngroups: {g: ${group}}`;
const withTest = (written: string) => withGroup(`{tests: {t: {${written}}}}`);
const withFault = (...faults: string[]) =>
  `nodes: {a: , b: }\ngroups: {g: {${tests}}}\nfaults: [${faults.join(', ')}]`;
const withMore = (more: string) => `nodes: {a: , b: }\ngroups: {g: {${tests}}}\n${more}`;

test('every mistake is told at once, each with its place, its path and what would be right', () => {
  const text = `name: Bad Name
seeed: 7
provider: labb
nodes:
  north: {conut: 3}
  more: {count: 0}
  south: 5
  Upper: {}
groups:
  chat:
    membres: [north]
    tests:
      ping: {type: text, size: 3 apples, intervall: 5s, amount: lots}
      pong: {type: tekst}
      rpc: {type: call, method: foo, amount: 1.5}
      some: {type: text}
  Two_Words:
    members: [nort, south]
    tests: {}
faults:
  - {kind: lnik, nodes: north, at: 5s}
  - {kind: link, nodes: {any: 2, off: x}, for: 10 parsecs}
  - never
control: yes
allow: {lost: -1, late: 5}
`;
  assert.deepEqual(mistakesOf(text), [
    '1:1: name: a name is lower-case letters, digits and hyphens, at most 40, with no hyphen at an end',
    "2:1: seeed: there is no such key here; did you mean 'seed'?",
    "3:1: provider: 'labb' must be one of connected, local, lab; did you mean 'lab'?",
    "5:11: nodes.north.conut: there is no such key here; did you mean 'count'?",
    '6:10: nodes.more.count: must be at least 1',
    '7:3: nodes.south: must be a map of the form name: value, not 5',
    '8:3: nodes.Upper: a node name is one lower-case DNS label: letters, digits and dashes, at most 63',
    "11:5: groups.chat.membres: there is no such key here; did you mean 'members'?",
    "13:26: groups.chat.tests.ping.size: '3 apples' is not a size such as 10MB, 512KiB or 4096 (bytes)",
    "13:42: groups.chat.tests.ping.intervall: there is no such key here; did you mean 'interval'?",
    "13:57: groups.chat.tests.ping.amount: 'lots' is not a whole number",
    "14:14: groups.chat.tests.pong.type: 'tekst' must be one of text, media, call; did you mean 'text'?",
    '15:25: groups.chat.tests.rpc.method: write package.Service/Method',
    '15:38: groups.chat.tests.rpc.amount: 1.5 is not a whole number',
    '16:7: groups.chat.tests.some.amount: is missing: so many messages from each sender',
    '17:3: groups.Two_Words: a name is lower-case letters, digits and hyphens, at most 24, with no hyphen at an end',
    '17:3: groups.Two_Words: sends nothing: it needs a test',
    "18:15: groups.Two_Words.members[0]: there is no node 'nort'; did you mean 'north'?",
    "21:6: faults[0].kind: 'lnik' must be one of link, peers, partition, interface, loss, rate, delay, duplicate, reorder, reset, stall, pause, kill, restart, clock, or a list of these; did you mean 'link'?",
    "22:34: faults[1].nodes.off: there is no such key here; did you mean 'of'?",
    "22:43: faults[1].for: '10 parsecs' is not a duration such as 30s, 1h30m or 500ms (a bare number is seconds)",
    "23:5: faults[2]: must be a map of the form name: value, not 'never'",
    '24:1: control: must be false, or {amount: 5, interval: 200ms}',
    '25:9: allow.lost: must be at least 0',
    "25:19: allow.late: must be a share such as 1%, or 'any'",
  ]);
});

/** What is told of values out of bounds, or of no form. */
const bounds: readonly [text: string, mistake: string][] = [
  ['arm: 1h', 'at arm: arm: must be at most 10m'],
  ['arm: 50ms', 'at arm: arm: must be at least 100ms'],
  ['allow: {late: 101%}', "at late: allow.late: '101%' is not a share such as 1%, up to 100%"],
];
for (const [text, mistake] of bounds) {
  test(`a mistake: ${text}`, () => {
    const whole = withMore(text);
    assert.deepEqual(wordsOf(whole, mistakesOf(whole)), [mistake]);
  });
}

const cases: readonly [what: string, text: string, mistakes: readonly string[], options?: ReadOptions][] = [
  ['nothing', 'nodes: {}\ngroups: {}', ['at nodes: it needs a node: there is none in it']],
  ['no group', 'nodes: {a: }\ngroups: {}', ['at nodes: it needs a group with a test: nothing is sent in it']],
  [
    'no keys',
    'name: x',
    [
      'at name: nodes: is missing: entries by name: a node of that name, several of a kind, or those with certain labels',
      'at name: groups: is missing: groups by name, and what is sent in them',
    ],
  ],
  [
    'two nodes of one name',
    withNodes('{a-1: , a: {count: 2}}'),
    ["at a: nodes.a: there are two nodes 'a-1': one of 'a-1'"],
  ],
  [
    'too many nodes',
    withNodes('{a: {count: 150}, b: {count: 51}}'),
    ['at nodes: nodes: are 201: at most 200 can take part'],
  ],
  ['a name that is taken', withNodes('{a: , hub: }'), ["at hub: nodes.hub: the node name 'hub' is reserved"]],
  [
    'a machine of the lab',
    withNodes('{a: , wan: }'),
    ["at wan: nodes.wan: 'wan' is a machine that every lab has"],
    lab,
  ],
  [
    'labels in a lab',
    withNodes('{a: {labels: {x: y}}, b: }'),
    ['at labels: nodes.a.labels: select nodes that are connected: with provider lab, say count instead'],
    lab,
  ],
  [
    'labels and count',
    withNodes('{a: {labels: {x: y}, count: 2}}'),
    ['at count: nodes.a.count: goes with names: say min for nodes with labels'],
  ],
  [
    'min without labels',
    withNodes('{a: {min: 2}, b: }'),
    ['at min: nodes.a.min: goes with labels: say count for nodes with names'],
  ],
  [
    'no selector',
    withNodes("{a: {labels: 'x y'}}"),
    ["at labels: nodes.a.labels: are none: write {site: attic}, or a selector such as 'site=attic,!gpu'"],
  ],
  [
    'no label',
    withNodes('{a: {labels: {x: [1], -y: 2}}}'),
    ['at x: nodes.a.labels.x: must be text', 'at -y: nodes.a.labels.-y: is no key of a label'],
  ],
  [
    'a group of one',
    withGroup(`{members: a, ${tests}}`),
    ["at g: groups.g: has one member, 'a': nobody receives what it sends"],
  ],
  ['a group of none', withGroup(`{members: [], ${tests}}`), ['at g: groups.g: has no members']],
  [
    'a member without groups',
    withGroup(`{members: [a, b, c], ${tests}}`),
    ["at c: groups.g.members[2]: 'c' is a relay: only peers are members of groups"],
  ],
  [
    'a sender that is none',
    withGroup('{members: [a, b], tests: {t: {type: text, amount: 1, senders: [a, c]}}}'),
    ["at c: groups.g.tests.t.senders[1]: 'c' is no member of the group 'g'"],
  ],
  [
    'no sender',
    withTest('type: text, amount: 1, senders: []'),
    ['at senders: groups.g.tests.t.senders: names nobody: leave it out for all'],
  ],
  [
    'a test for ever',
    withTest('type: text, amount: 100000, interval: 1h'),
    [
      'at amount: groups.g.tests.t.amount: 100000 messages, one every 1h, take 99999h: at most 24h is possible',
    ],
  ],
  [
    'a message too long',
    withTest('type: text, amount: 1, size: 4MB'),
    ['at size: groups.g.tests.t.size: at most 3.9 MB: a longer message fits into no gRPC message'],
  ],
  [
    'an image too small',
    withTest('type: media, amount: 1, size: 300B'),
    ['at size: groups.g.tests.t.size: an image has at least 512 bytes'],
  ],
  [
    'a key of another type',
    withTest('type: text, amount: 1, method: a/B'),
    ['at method: groups.g.tests.t.method: does not go with the others here: it belongs to another type'],
  ],
  [
    'no length',
    withFault('{kind: [restart, link]}'),
    ['at {: faults[0].for: is missing: how long, such as 10s'],
  ],
  [
    'no time at all',
    withFault('{kind: pause, for: 0s}'),
    ['at for: faults[0].for: must be at least 100ms, for pause'],
  ],
  [
    'no length that a node takes',
    withFault(
      '{kind: [link, kill], nodes: a, for: 61m}',
      '{kind: kill, nodes: b, for: 0s}',
      '{kind: restart, nodes: b, at: 1s, for: 5s}',
    ),
    [
      'at for: faults[0].for: must be at most 1h: no node disturbs itself for longer',
      'at for: faults[1].for: must be at least 100ms, for kill',
      'at for: faults[2].for: a restart takes no time: use kill for a daemon that is away for a while',
    ],
  ],
  [
    'longer than its interval',
    withFault('{kind: kill, every: 5s, for: 6s}'),
    ['at for: faults[0].for: is longer than every (5s): the next would begin before this one ends'],
  ],
  [
    'odds of nothing',
    withFault('{kind: kill, odds: 5, for: 6s}'),
    ['at odds: faults[0].odds: goes with every: a lot is drawn each time'],
  ],
  [
    'more than there are',
    withFault('{kind: kill, nodes: {any: 3}, for: 6s}'),
    ['at any: faults[0].nodes.any: is 3, of 2 nodes'],
  ],
  [
    'nobody',
    withFault('{kind: kill, nodes: [], for: 6s}'),
    ['at nodes: faults[0].nodes: names nobody: leave it out for all'],
  ],
  [
    'too many faults',
    withFault('{kind: kill, every: 100ms, for: 100ms, at: 0s}', '{kind: restart, every: 50ms}').replace(
      '61',
      '200',
    ),
    [
      'at every: faults[0].every: makes 1991 faults until the last message at 3m19s: at most 1000 of a node',
      'at every: faults[1].every: must be at least 100ms',
    ],
  ],
  [
    'a daemon told of what is none',
    withMore('daemon: {rdvp: a, peers: d, misbehave: {lose: 0, loose: 1}}\nprovider: local'),
    [
      "at rdvp: daemon.rdvp: 'a' is a peer, no rdvp",
      "at peers: daemon.peers: there is no node 'd'; did you mean 'a'?",
      "at lose: daemon.misbehave.lose: is neither N, for one in N, nor '@N', for the Nth only",
      "at loose: daemon.misbehave.loose: there is no such key here; did you mean 'lose'?",
    ],
  ],
  [
    'a seed that is none',
    withMore('seed: 1.5'),
    ['at seed: seed: must be a whole number, or a text of up to 64 characters in quotes'],
  ],
];

for (const [what, text, mistakes, options] of cases) {
  test(`a mistake: ${what}`, () => assert.deepEqual(wordsOf(text, mistakesOf(text, options)), mistakes));
}

test('what is no mistake and may not be meant is a warning', () => {
  const text = `nodes: {a: {public: true, daemon: {idle: 1s}}, b: {daemon: {role: peer}}}
daemon: {sync: 1s}
groups:
  g: {tests: {t: {type: media, amount: 61}}}
faults:
  - {kind: [link, peers], nodes: a, at: 5s, for: 10s}
  - {kind: [pause, link, peers], at: 14s, for: 1s}
  - {kind: [pause], nodes: a, at: 15s, for: 1s}
  - {kind: kill, at: 61s, for: 1s}
  - {kind: kill, every: 61s, for: 1s}
`;
  assert.deepEqual(warningsOf(text), [
    '1:13: nodes.a.public: means nothing to nodes that are connected already',
    '1:27: nodes.a.daemon: is not used: with provider connected, no daemon is started',
    '2:1: daemon: is not used: with provider connected, no daemon is started',
    "4:19: groups.g.tests.t.type: media: only daemons that know files take this test, such as Berty's up to v2.434.7; others refuse it",
    "7:5: faults[1]: meets another link of 'a' (5s to 15s): the two become one",
    "7:5: faults[1]: meets another peers of 'a' (5s to 15s): the two become one",
    '9:18: faults[3].at: begins after the last message is sent, at 1m: it disturbs nothing but what is late',
    '10:18: faults[4].every: never happens: the last message is sent at 1m',
  ]);
});

test('what is wrong with one part is no reason to doubt what refers to it', () => {
  const text = `nodes:
  a: {count: many}
  b: {count: 2, daemon: {role: rdvp, idle: for ever}}
  c:
groups:
  g: {members: [a-2, c], tests: {t: {type: text, amount: 3, senders: a}}}
daemon: {rdvp: b-2, sync: never}
`;
  assert.deepEqual(mistakesOf(text), [
    "2:7: nodes.a.count: 'many' is not a whole number",
    "3:38: nodes.b.daemon.idle: 'for ever' is not a duration such as 30s, 1h30m or 500ms (a bare number is seconds)",
    "7:21: daemon.sync: 'never' is not a duration such as 30s, 1h30m or 500ms (a bare number is seconds)",
  ]);
});
