import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDemo } from './demo-run.js';

test('the demo passes, and leaves nothing behind but its reports', async () => {
  const { code, output, verdict, reports } = await runDemo({});
  assert.equal(code, 0, output);
  const [, steps] = /^demo: PASS \((\d+) steps, [\d.]+ s\)$/.exec(verdict) ?? [];
  assert.ok(Number(steps) > 40, output);
  assert.match(output, /cellar +connected\.idle +1 +nats-ws /, output);
  assert.match(output, /the proxy was asked for localhost:\d+ [2-9] times/, output);
  assert.equal(output.match(/owed 1200, delivered 1200, lost 0, twice 0/g)?.length, 2, output);
  assert.match(output, /lost: 3 messages of cellar, numbers 20, 22, 59, at 4 receivers each/, output);
  assert.match(output, /in a lab[\s\S]*and none of it passed|no lab can be made here: /, output);
  const files = ['index.html', 'junit.xml', 'report.json'];
  const each = (name: string) => [name, ...files.map((file) => `${name}/${file}`)];
  assert.deepEqual(reports, [...each('lossy'), ...each('parted')]);
});

test('one byte of an answer that is flipped on the way makes the demo fail', async () => {
  const { code, output, verdict } = await runDemo({ BREAK: 'flip-byte' });
  assert.equal(code, 1, output);
  assert.match(verdict, /^demo: FAIL step .*: byte \d+ of \d+ is not what the server sent$/, output);
});

test('Ctrl-C ends the demo with a failure, and leaves nothing behind', async () => {
  const { code, output, verdict } = await runDemo({}, /agent `etcd` joins/);
  assert.equal(code, 130, output);
  assert.match(verdict, /^demo: FAIL step .*: interrupted by SIGINT$/);
});

test('what cannot be broken is refused', async () => {
  const { code, output } = await runDemo({ BREAK: 'the-bank' });
  assert.equal(code, 2);
  assert.match(output, /BREAK=the-bank is not known\. Choose one of: kill-server, /);
});
