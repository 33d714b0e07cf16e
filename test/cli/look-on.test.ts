import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { eventually, type RunningProcess } from '../support/processes.js';
import { Lines } from './postern.js';

let fleet: Fleet;
let hub: RunningProcess;
const watchers: Lines[] = [];

before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up();
});
after(async () => {
  await Promise.all(watchers.map((one) => one.stop('SIGKILL')));
  await fleet.stop();
});

function look(...args: string[]): Lines {
  const lines = new Lines(args, fleet.env);
  watchers.push(lines);
  return lines;
}

/** Starts the hub again where it was. */
async function restart(listen: string): Promise<void> {
  hub = await fleet.start(['up', '--listen', listen, '--metrics', '127.0.0.1:0']);
}

test('who looks on hears that the hub was lost, and goes on when it is back', async () => {
  const agent = await fleet.agent('cellar', ['127.0.0.1:1']);
  const nodes = look('nodes', '-w', '-o', 'jsonl');
  const story = look('inspect', 'cellar', '--follow', '-o', 'jsonl');
  await eventually('both show the node', () => nodes.lines.length > 0 && story.lines.length > 0);
  const listen = await fleet.hubAddress();
  hub.signal('SIGKILL');
  await hub.exited;
  await eventually('both say so', () =>
    [nodes, story].every(({ stderr }) => /the hub was lost/.test(stderr)),
  );
  const shown = nodes.lines.length;
  await restart(listen);
  await eventually('both say that it is back', () =>
    [nodes, story].every(({ stderr }) => /the hub at .* answers again/.test(stderr)),
  );
  await eventually('the nodes are shown again', () => nodes.lines.length > shown);
  await agent.stop();
  await eventually(
    'both see the agent leave',
    () =>
      [/"state":"lost"/.test(nodes.lines.at(-1) ?? ''), /"to":"lost"/.test(story.lines.join())].every(
        Boolean,
      ),
    { timeoutMs: 30_000 },
  );
  assert.equal(new Set(story.lines).size, story.lines.length, 'no transition is told twice');
});

test('who looks on does not hold up a hub that is told to stop', async () => {
  const nodes = look('nodes', '-w');
  await eventually('it shows something', () => nodes.lines.length > 0);
  const listen = await fleet.hubAddress();
  const since = performance.now();
  assert.equal(await hub.stop(), 0);
  assert.ok(performance.now() - since < 10_000, `after ${performance.now() - since} ms`);
  await eventually('it says so', () => /the hub was lost/.test(nodes.stderr));
  await restart(listen);
  await eventually('it goes on', () => /answers again/.test(nodes.stderr));
});

test('a hub that never answered is an error at once', async () => {
  const none = look('nodes', '-w', '--hub', '127.0.0.1:1');
  assert.equal(await none.ended(), 1);
  assert.match(none.stderr, /no hub answers at 127\.0\.0\.1:1/);
});
