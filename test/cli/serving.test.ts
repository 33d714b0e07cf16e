import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { commandLine, startMark } from '../../src/bus/process-identity.js';
import { Fleet } from '../support/fleet.js';
import { interopCases } from '../support/interop/cases.js';
import { natsServer } from '../support/nats.js';
import { compiledRoot, eventually, type RunningProcess, run } from '../support/processes.js';
import { Lines } from './postern.js';

let fleet: Fleet;
let data: string;
let up: RunningProcess;
let target: RunningProcess & { address: string };
/** The NATS server of an `up` that was killed. */
let orphan = 0;

/** The command of the build that is tested, and the NATS server that the tests have. */
const common: NodeJS.ProcessEnv = { POSTERN_DIST: compiledRoot };

function ask(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return fleet.postern(args, { env: { ...common, ...env } });
}

function startUp(extra: readonly string[] = []): Promise<RunningProcess> {
  return fleet.start(['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', ...extra], {
    env: common,
  });
}

before(async () => {
  common.POSTERN_NATS_SERVER = (await natsServer()).path;
  fleet = await Fleet.make();
  data = path.join(fleet.dir, 'hub');
  target = await fleet.interopServer();
  up = await startUp();
});
after(async () => {
  await fleet.stop();
  // Where a test has failed between a kill and the next start.
  if (orphan > 0 && (await commandLine(orphan))?.includes(fleet.dir)) process.kill(orphan, 'SIGKILL');
});

test('up says where it is, in its JSON line and in hub.json', async () => {
  const { listen, nats, metrics } = up.ready;
  assert.ok(Array.isArray(listen) && /^127\.0\.0\.1:\d+$/.test(String(listen[0])));
  assert.match(String(nats), /^nats:\/\/127\.0\.0\.1:\d+$/);
  const written = JSON.parse(await readFile(path.join(data, 'hub.json'), 'utf8'));
  const mark = await startMark(up.pid);
  assert.deepEqual(
    { ...written, startedAtMs: 0 },
    { pid: up.pid, mark, listen, nats, metrics, startedAtMs: 0 },
  );
  for (const secret of ['hub.json', 'tokens/admin.jwt', 'keys/operator.nk']) {
    assert.equal((await stat(path.join(data, secret))).mode & 0o077, 0, secret);
  }
  assert.equal((await stat(data)).mode & 0o077, 0);
  assert.match(await (await fetch(`http://${String(metrics)}/metrics`)).text(), /^postern_/m);
  const none = await ask(['nodes']);
  assert.deepEqual({ code: none.code, stdout: none.stdout }, { code: 0, stdout: '' });
});

test('an agent beside the hub joins by itself, and its node is called, listed and inspected', async () => {
  const agent = await fleet.start(
    ['agent', '--node', 'demo', '--to', target.address, '--label', 'zone=cellar'],
    {
      env: common,
    },
  );
  assert.equal(agent.ready.node, 'demo');
  const called = await ask([
    'call',
    'demo',
    'grpc.testing.TestService/UnaryCall',
    '-d',
    '{"responseSize":3}',
    '-o',
    'jsonl',
  ]);
  assert.deepEqual(called, { code: 0, stdout: '{"payload":{"body":"AAAA"}}\n', stderr: '' });
  assert.match((await ask(['list', 'demo'])).stdout, /grpc\.testing\.TestService/);
  assert.match((await ask(['list', 'hub'])).stdout, /postern\.v1\.NodesService/);
  // What the hub says of a call's end can be later than the call's answer.
  const node = await eventually('the node is shown, its calls over', async () => {
    const listed: unknown = JSON.parse((await ask(['nodes', 'demo', '-o', 'json'])).stdout);
    const first = Array.isArray(listed) ? listed[0] : undefined;
    return first?.state === 'connected.idle' ? first : undefined;
  });
  assert.deepEqual(node.labels, { zone: 'cellar' });
  assert.equal((await ask(['nodes', '-o', 'name'])).stdout, 'demo\n');
  // a completion that takes too long is none
  const completed = await eventually('the name comes at once', async () => {
    const { stdout } = await ask(['complete-nodes']);
    return stdout === '' ? undefined : stdout;
  });
  assert.equal(completed, 'demo\n');
  const unknown = await ask(['nodes', 'nobody']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /there is no node 'nobody'/);
  const offline = await ask(['call', 'nobody', 'a.B/C']);
  assert.equal(offline.code, 64 + 14);
  assert.match(offline.stderr, /UNAVAILABLE \(14\): node 'nobody' is not known here\n.*postern nodes/);
});

test('a node that was revoked and allowed again is called as before, by another key', async () => {
  const join = async (name: string) => {
    const token = (await ask(['token', 'create', '--join', 'regained'])).stdout.trim();
    const hub = `http://${String(up.ready.listen).split(',')[0]}`;
    const env = { ...common, POSTERN_TOKEN: token, POSTERN_DATA: path.join(fleet.dir, name) };
    return fleet.start(['agent', '--hub', hub, '--node', 'regained', '--to', target.address], { env });
  };
  const call = () => ask(['call', 'regained', 'grpc.testing.TestService/EmptyCall', '-d', '{}']);
  const first = await join('first-key');
  assert.equal((await call()).code, 0);
  assert.equal((await ask(['nodes', 'revoke', 'regained'])).code, 0);
  assert.equal(await first.exited, 80);
  assert.match((await ask(['nodes', 'regained'])).stdout, /revoked/);
  assert.equal((await ask(['nodes', 'allow', 'regained'])).code, 0);
  const second = await join('second-key');
  await eventually('it is called', async () => (await call()).code === 0);
  await second.stop('SIGTERM');
});

test('inspect tells the history', async () => {
  const told = await ask(['inspect', 'demo', '-o', 'jsonl', '--machine', 'node']);
  const [began, first] = told.stdout.split('\n').map((line) => (line === '' ? {} : JSON.parse(line)));
  assert.deepEqual([began.sequence, began.from, began.to], [0, '', 'unseen']);
  assert.deepEqual(
    { machine: first.machine, id: first.id, from: first.from, to: first.to },
    { machine: 'node', id: 'demo', from: 'unseen', to: 'connected.joining' },
  );
  assert.equal(typeof first.context, 'object');
  assert.match(
    (await ask(['inspect', 'demo'])).stdout,
    /link {2}demo\.\S+ {2}\S+ -> online {2}HELLO_ACCEPTED {2}by node\/demo\n/,
  );
});

test('inspect --follow and nodes --watch tell what happens, each thing once', async () => {
  const agent = await fleet.start(['agent', '--node', 'brief', '--to', target.address], { env: common });
  const env = { ...fleet.env, ...common };
  const story = new Lines(['inspect', 'brief', '--follow', '-o', 'jsonl', '--machine', 'node'], env);
  const watch = new Lines(['nodes', '--watch', 'brief', '-o', 'jsonl'], env);
  try {
    await eventually('the present is told', () => story.lines.length > 0 && watch.lines.length > 0);
    await agent.stop('SIGTERM');
    const last = (lines: readonly string[]) => JSON.parse(lines.at(-1) ?? '{}');
    await eventually(
      'the end is told',
      () => last(story.lines).to === 'lost' && last(watch.lines).state === 'lost',
    );
    const sequences: number[] = story.lines.map((line) => JSON.parse(line).sequence);
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].toSorted((a, b) => a - b),
    );
    assert.equal(JSON.parse(story.lines[1] ?? '').from, 'unseen');
  } finally {
    assert.equal(await story.stop('SIGINT'), 130);
    assert.equal(await watch.stop('SIGINT'), 130);
  }
});

test('proxy makes the node a local server for every kind of call', async () => {
  const proxy = await fleet.start(['proxy', 'demo', '--listen', '127.0.0.1:0'], { env: common });
  const { listen } = proxy.ready;
  const address = Array.isArray(listen) ? String(listen[0]) : '';
  for (const name of ['large_unary', 'ping_pong', 'status_code_and_message', 'custom_metadata']) {
    await interopCases[name]?.({ address });
  }
  assert.equal(await proxy.stop('SIGTERM'), 0);
});

test('tokens are made, listed and revoked, and shown only once', async () => {
  const made = await ask(['token', 'create', '--caller', 'ci', '--nodes', 'demo,test-*', '--ttl', '1h']);
  assert.equal(made.code, 0, made.stderr);
  const token = made.stdout.trim();
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const id = /^token (\S+), good until /.exec(made.stderr)?.[1] ?? '';
  const asCi = { POSTERN_TOKEN: token };
  assert.equal((await ask(['nodes', '-o', 'name'], asCi)).stdout, 'demo\n');
  const denied = await ask(['token', 'ls'], asCi);
  assert.equal(denied.code, 64 + 7);
  assert.match(denied.stderr, /PERMISSION_DENIED/);

  const listed = await ask(['token', 'ls', '-o', 'jsonl']);
  assert.doesNotMatch(listed.stdout, new RegExp(token.slice(-20)));
  assert.match(listed.stdout, new RegExp(`"id":"${id}","kind":"caller","subject":"ci"`));
  assert.equal((await ask(['token', 'revoke', id])).code, 0);
  await eventually('the token is worth nothing', async () => (await ask(['nodes'], asCi)).code === 64 + 16);

  const join = await ask(['token', 'create', '--join', 'other', '-o', 'json']);
  assert.match(JSON.parse(join.stdout).token, /^pj_/);
  const none = await ask(['nodes'], { POSTERN_TOKEN: 'nonsense' });
  assert.equal(none.code, 64 + 16);
  assert.match(none.stderr, /UNAUTHENTICATED.*\n.*POSTERN_TOKEN/);
});

test('credentials for the bus are a file that NATS reads, and need the keys', async () => {
  const made = await ask(['bus', 'creds', '--ttl', '1h']);
  assert.match(
    made.stdout,
    /^-----BEGIN NATS USER JWT-----\n[\w.-]+\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\nSU\w+\n------END USER NKEY SEED------\n$/,
  );
  const none = await ask(['bus', 'creds', '--data', path.join(fleet.dir, 'none')]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /there are no keys in/);
});

test('init writes a configuration that nats-server takes, and keeps the keys', async () => {
  const own = path.join(fleet.dir, 'own');
  const first = await ask(['init', '--data', own, '--nats-listen', '127.0.0.1:0']);
  assert.equal(first.code, 0, first.stderr);
  const config = first.stdout.trim();
  const checked = await run((await natsServer()).path, ['-t', '-c', config]);
  assert.match(checked.stderr, /is valid/);
  const seed = await readFile(path.join(own, 'keys/operator.nk'), 'utf8');
  await ask(['init', '--data', own]);
  assert.equal(await readFile(path.join(own, 'keys/operator.nk'), 'utf8'), seed);
});

test('what cannot be is one line that says what to do', async () => {
  const [taken = ''] = Array.isArray(up.ready.listen) ? up.ready.listen.map(String) : [];
  const fresh = (name: string) => path.join(fleet.dir, 'fresh', name);
  const cases: { args: string[]; env?: NodeJS.ProcessEnv; says: RegExp }[] = [
    {
      args: ['up', '--listen', '127.0.0.1:0'],
      says: /^postern: .* uses the data directory .* already\n.*--data/m,
    },
    {
      args: ['up', '--data', fresh('a'), '--listen', taken, '--metrics', 'off'],
      says: new RegExp(`^postern: .*${taken}.* in use`, 'm'),
    },
    {
      args: ['up', '--data', '/proc/postern'],
      says: /^postern: cannot make the data directory \/proc\/postern: .*\n.*--data DIR/m,
    },
    { args: ['up', '--data', '/etc/passwd/x'], says: /^postern: cannot make the data directory/m },
    {
      args: ['up', '--data', fresh('b')],
      env: { POSTERN_NATS_SERVER: '/bin/true' },
      says: /^postern: POSTERN_NATS_SERVER: .*\n.*nats-server/m,
    },
    {
      args: ['hub', '--data', fresh('c'), '--nats', 'nats://127.0.0.1:1'],
      says: /^postern: cannot reach NATS at nats:\/\/127\.0\.0\.1:1/m,
    },
    { args: ['agent', '--node', 'hub', '--to', ':1'], says: /the node name 'hub' is reserved/ },
  ];
  const tried = cases.map(async ({ args, env = {}, says }) => {
    const { code, stdout, stderr } = await ask([...args, '--log-level', 'silent'], env);
    assert.match(stderr, says, args.join(' '));
    assert.equal(stdout, '');
    assert.ok(code === 1 || code === 2, String(code));
    assert.doesNotMatch(stderr, /\n {4}at |internal error/);
  });
  await Promise.all(tried);
});

test('an agent that finds no hub waits for it, and stops when it is told to', async () => {
  const args = ['agent', '--node', 'alone', '--to', ':1', '--hub', '127.0.0.1:1'];
  const agent = new Lines([...args, '--data', path.join(fleet.dir, 'alone')], common);
  await eventually('it has tried', () => agent.stderr.includes('HUB_UNREACHABLE'));
  assert.equal(await agent.stop('SIGTERM'), 0);
});

test('up that was killed leaves nothing that the next cannot clear; a stop leaves no process', async () => {
  up.signal('SIGKILL');
  assert.equal(await up.exited, 'SIGKILL');
  orphan = Number(await readFile(path.join(data, 'nats/nats.pid'), 'utf8'));
  up = await startUp();
  assert.equal(await startMark(orphan), undefined, 'the NATS server of the killed one is gone');
  assert.match((await ask(['nodes', '-o', 'name'])).stdout, /^demo$/m);
  const nats = Number(await readFile(path.join(data, 'nats/nats.pid'), 'utf8'));
  assert.equal(await up.stop('SIGTERM'), 0);
  assert.equal(await startMark(nats), undefined, 'the NATS server stops with it');
  await assert.rejects(stat(path.join(data, 'hub.json')));
  const again = await startUp();
  assert.equal(await again.stop('SIGINT'), 130);
});
