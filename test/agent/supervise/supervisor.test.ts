import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { daemonCommand, factsIn, never, runs, scratchFor, supervise, until } from './stage.js';

test('a process is started once and stopped once', async (t) => {
  const { supervisor, transitions, pid } = supervise(t, daemonCommand('obedient'));
  assert.equal(supervisor.state, 'stopped');
  assert.equal(await supervisor.stop(never), 'nochange');
  assert.equal(await supervisor.start(never), 'success');
  const first = pid();
  assert.ok(runs(first));
  assert.equal(await supervisor.start(never), 'nochange');
  assert.equal(pid(), first);
  assert.equal(await supervisor.stop(never), 'success');
  assert.ok(!runs(first));
  assert.equal(await supervisor.stop(never), 'nochange');
  assert.deepEqual(
    transitions.map(({ to }) => to),
    ['stopped', 'starting.launching', 'starting.settling', 'running', 'stopping.graceful', 'stopped'],
  );
});

test('a process that ignores SIGTERM is killed after the grace', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { supervisor, transitions } = supervise(t, daemonCommand('stubborn', file), { graceSeconds: 0.5 });
  await supervisor.start(never);
  const { pid: there } = await factsIn(file);
  assert.equal(await supervisor.stop(never), 'success');
  assert.ok(!runs(there));
  const [graceful, killing, stopped] = transitions.slice(-3);
  assert.deepEqual(
    [graceful?.to, killing?.to, stopped?.to],
    ['stopping.graceful', 'stopping.killing', 'stopped'],
  );
  assert.ok((killing?.atMs ?? 0) - (graceful?.atMs ?? 0) >= 450, 'it had no grace');
  assert.equal(stopped?.context.lastExit, 'SIGKILL');
});

test('a process that ends at once has failed, and the log has its last words', async (t) => {
  const { supervisor, log } = supervise(t, daemonCommand('brief'), { settleSeconds: 20 });
  assert.equal(await supervisor.start(never), 'failed');
  assert.equal(supervisor.state, 'failed');
  const ended = log.find(({ said }) => said !== undefined);
  assert.deepEqual([ended?.how, ended?.said], ['exit status 3', 'there is no such configuration']);
  assert.ok(log.some(({ msg, code }) => msg === 'the process was not started' && code === 'ENDED'));
  assert.equal(await supervisor.stop(never), 'nochange');
  assert.equal(await supervisor.restart(never), 'failedStopped');
});

for (const [what, command, directory, message] of [
  ['program', ['/no/such/program'], '/', "there is no program '/no/such/program' that may be executed"],
  ['program in PATH', ['no-such-program'], '/', "there is no program 'no-such-program' that may be executed"],
  ['directory', ['true'], '/no/such/place', 'its working directory /no/such/place is not there'],
] as const) {
  test(`a ${what} that is not there is a start that failed`, async (t) => {
    const { supervisor, transitions } = supervise(t, command, { directory });
    assert.equal(await supervisor.start(never), 'failed');
    assert.deepEqual(transitions.at(-1)?.context.error, { code: 'LAUNCH_FAILED', message });
  });
}

test('all that a process has started is stopped with it', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { supervisor } = supervise(t, daemonCommand('obedient,family', file), { graceSeconds: 0.3 });
  await supervisor.start(never);
  const { pid, children } = await factsIn(file);
  assert.deepEqual([pid, ...children].map(runs), [true, true, true]);
  assert.equal(await supervisor.stop(never), 'success');
  assert.deepEqual([pid, ...children].map(runs), [false, false, false]);
});

test('a process that ends by itself is noticed, and nothing that it started stays', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { supervisor, log } = supervise(t, daemonCommand('ends,family', file), { graceSeconds: 0.3 });
  await supervisor.start(never);
  const { pid, children } = await factsIn(file);
  process.kill(pid, 'SIGUSR2');
  await until(() => supervisor.state === 'failed', 'it was not noticed');
  assert.deepEqual(children.map(runs), [false, false]);
  assert.ok(log.some(({ level, how }) => level === 'warn' && how === 'exit status 7'));
  assert.equal(await supervisor.stop(never), 'nochange');
  assert.equal(await supervisor.start(never), 'success');
});

test('a restart ends the process and starts another one', async (t) => {
  const { supervisor, pid } = supervise(t, daemonCommand('obedient'));
  assert.equal(await supervisor.restart(never), 'success');
  const first = pid();
  assert.equal(await supervisor.restart(never), 'success');
  assert.notEqual(pid(), first);
  assert.ok(!runs(first));
  assert.ok(runs(pid()));
});

test('a process gets what it was given, and nothing secret of the agent', async (t) => {
  const directory = await scratchFor(t);
  process.env.POSTERN_TOKEN = 'pj_secret';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  t.after(() => {
    delete process.env.POSTERN_TOKEN;
    delete process.env.AWS_SECRET_ACCESS_KEY;
  });
  const file = join(directory, 'facts');
  const { supervisor } = supervise(t, daemonCommand('obedient', file), {
    directory,
    environment: { FLUENT_CONF: '/a b' },
  });
  await supervisor.start(never);
  const facts = await factsIn(file);
  assert.equal(facts.directory, directory);
  assert.equal(facts.environment.FLUENT_CONF, '/a b');
  assert.equal(facts.environment.PATH, process.env.PATH);
  const allowed =
    /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|PWD|FLUENT_CONF|POSTERN_PROCESS)$/;
  assert.deepEqual(
    Object.keys(facts.environment).filter((name) => !allowed.test(name)),
    [],
  );
});

test('a chatty process is neither held back nor told in full', async (t) => {
  const { supervisor, log } = supervise(t, daemonCommand('chatty,obedient'));
  assert.equal(await supervisor.start(never), 'success');
  await until(
    () => log.some(({ lines }) => typeof lines === 'number' && lines > 100),
    'nothing was left out',
  );
  const told = log.filter(({ output }) => output === 'stdout');
  assert.ok(told.length >= 100 && told.length < 2_000, `${told.length} lines were told`);
  assert.equal(await supervisor.stop(never), 'success');
});
