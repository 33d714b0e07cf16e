import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { nodeView } from '../../src/cli/node-view.js';
import { formatList, formatOne, headOf, widthsOf } from '../../src/cli/records.js';
import { styleFor } from '../../src/cli/style.js';
import { Node } from '../../src/gen/postern/v1/nodes.js';

const now = 10_000_000;
const view = nodeView(styleFor({}, {}), () => now);
const instance = {
  id: '1-a',
  epoch: 1,
  standing: 'ready',
  sinceMs: now - 2 * 60_000,
  transport: 'tunnel',
  services: [],
  roundTripUs: 1234,
  calls: 1,
  hub: '0123456789abcdef',
};
const nodes = [
  Node.fromPartial({
    name: 'cellar',
    state: 'connected.serving',
    tags: ['good'],
    labels: { zone: 'a', floor: '0' },
    instances: [
      instance,
      { ...instance, id: '2-b', standing: 'suspect', transport: 'nats', hub: '', roundTripUs: 0 },
    ],
    lastSeenAtMs: now,
    calls: 2,
  }),
  Node.fromPartial({ name: 'attic', state: 'lost', tags: ['bad', 'away'], lastSeenAtMs: now - 3 * 60_000 }),
  Node.fromPartial({ name: 'new', state: 'unseen' }),
];

test('a table has a row per node, in columns', () => {
  assert.equal(
    formatList('table', view, nodes),
    `NAME    STATE              INSTANCES  VIA                       SINCE      CALLS  RTT     LAST SEEN  LABELS
cellar  connected.serving  1/2 ready  nats, tunnel to 01234567  2 min ago  2      1.2 ms  now        floor=0,zone=a
attic   lost               0          -                         -          0      -       3 min ago  -
new     unseen             0          -                         -          0      -       never      -
`,
  );
});

test('a table that grows keeps its columns', () => {
  const widths = widthsOf(view.columns, nodes);
  const head = headOf(view.columns, widths);
  const [title = '', first = ''] = formatList('table', view, nodes).split('\n');
  assert.equal(head, `${title}\n`);
  const [node] = nodes;
  assert.ok(node);
  assert.equal(formatOne('table', view, node, widths), `${first}\n`);
});

test('the forms for programs hold the same facts', () => {
  const json: unknown = JSON.parse(formatList('json', view, nodes));
  assert.deepEqual(json, JSON.parse(JSON.stringify(nodes)));
  const lines = formatList('jsonl', view, nodes).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    json,
  );
  assert.deepEqual(parse(formatList('yaml', view, nodes)), json);
  assert.equal(formatList('name', view, nodes), 'cellar\nattic\nnew\n');
  const xml = formatList('xml', view, nodes);
  assert.match(xml, /^<\?xml [^>]*\?>\n<nodes>\n {2}<node>\n {4}<name>cellar<\/name>\n/);
  assert.equal(xml.match(/<node>/g)?.length, 3);
  assert.equal(formatList('json', view, []), '[]\n');
  assert.equal(formatList('jsonl', view, []), '');
});

test('states have colours on a terminal', () => {
  const colored = nodeView(styleFor({ isTTY: true }, {}), () => now);
  const table = formatList('table', colored, nodes);
  assert.ok(table.includes('\u001b[32mconnected.serving\u001b[0m'));
  assert.ok(table.includes('\u001b[31mlost             \u001b[0m'));
});
