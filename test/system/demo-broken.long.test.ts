import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type Sabotage, sabotages } from '../../scripts/demo/context.js';
import { checkoutRoot, compiledRoot, run } from '../support/processes.js';
import { runDemo } from './demo-run.js';

/** What the failure must speak of, so that the demo does not fail for another reason. */
const expected: Readonly<Record<Sabotage, RegExp>> = {
  'kill-server': /UNAVAILABLE/,
  'kill-agent': /UNAVAILABLE|DEADLINE_EXCEEDED/,
  'kill-hub': /UNAVAILABLE|refused|no hub/i,
  'kill-nats': /UNAVAILABLE|DEADLINE_EXCEEDED/,
  'freeze-agent': /UNAVAILABLE|DEADLINE_EXCEEDED/,
  'flip-byte': /byte \d+ of \d+ is not what the server sent/,
  'wrong-token': /UNAUTHENTICATED/,
  'kill-proxy': /grpc-js over TLS.*UNAVAILABLE/,
  'around-proxy': /went through the proxy: the proxy was asked for localhost:\d+ 0 times/,
  'wrong-authority': /joins over TLS.*certificate/,
  'leave-process': /a process is left: \d+ sleep 600/,
  'drop-result': /the verdict is unknown, not pass, exit status 4: .*den/,
};

for (const sabotage of sabotages) {
  test(`BREAK=${sabotage} makes the demo fail`, async () => {
    const { code, output, verdict } = await runDemo({ BREAK: sabotage });
    assert.equal(code, 1, output);
    assert.match(verdict, /^demo: FAIL step /, output);
    assert.match(output.slice(output.indexOf('demo: FAIL')), expected[sabotage]);
  });
}

test('the demo passes where no tinyproxy can be had', async () => {
  const { code, output } = await runDemo({ DEMO_PROXY: 'own' });
  assert.equal(code, 0, output);
  assert.match(output, /the demo's own proxy, as DEMO_PROXY says/);
  assert.match(output, /the proxy was asked for localhost:\d+ [2-9] times/);
});

test('the demo cuts its fleet from the hub alone where no lab can be had, and says so', async () => {
  const { code, output } = await runDemo({ DEMO_LAB: 'none', CI: '' });
  assert.equal(code, 0, output);
  assert.match(output, /no lab can be made here: DEMO_LAB says so/);
  assert.match(output, /2 faults, all confirmed, by userspace/);
  assert.match(output, /owed 1200, delivered 1200, lost 0, twice 0/);
});

test('the demo fails in CI where no lab can be had', async () => {
  const { code, output, verdict } = await runDemo({ DEMO_LAB: 'none', CI: 'true' });
  assert.equal(code, 1, output);
  assert.match(verdict, /^demo: FAIL step where the fleet can be: no lab can be made, and this is CI: /);
});

test('KEEP=1 leaves it up until it is stopped', async () => {
  const demo = path.join(compiledRoot, 'scripts/demo.js');
  const reports = await mkdtemp(path.join(tmpdir(), 'pd-reports-'));
  const env = { ...process.env, KEEP: '1', DEMO_REPORTS: reports };
  const child = spawn(process.execPath, [demo], { env, stdio: 'pipe' });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code]: unknown[] = await once(child, 'close');
  try {
    assert.equal(code, 0, output);
    assert.match(output, /make demo-stop/);
    const data = /export POSTERN_DATA=(\S+)/.exec(output)?.[1] ?? '';
    const nodes = await run(path.join(checkoutRoot, 'bin/postern'), ['nodes', '-o', 'name'], {
      env: { POSTERN_DATA: data },
    });
    assert.match(nodes.stdout, /demo[\s\S]*etcd/);
  } finally {
    const stopped = await run(process.execPath, [demo, 'stop'], { timeoutMs: 90_000 });
    await rm(reports, { recursive: true, force: true });
    assert.match(stopped.stdout, /demo: stopped/);
  }
});
