import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { eventually } from '../support/processes.js';
import { CuttableRelay } from '../system/daemon/cuttable-relay.js';
import { Stage } from '../system/rehearsal/stage.js';
import { Lines } from './postern.js';

let stage: Stage;
let dir: string;
let relay: CuttableRelay;
const started: Lines[] = [];

/** Writes a scenario; gives its file. */
async function scenario(name: string, text: string): Promise<string> {
  const file = path.join(dir, `${name}.yaml`);
  await writeFile(file, text);
  return file;
}

/** One of the two sends three messages. A busy machine may hold all back for a while, and what it shows is still certain. */
const messages = (sender: string): string =>
  `nodes: {north: , south: }
groups: {chat: {tests: {ping: {type: text, senders: ${sender}, interval: 1s, amount: 3}}}}
control: false
arm: 2s
settle: 2s
`;

/** One node calls its daemon for a minute. */
const minute = `nodes: {north: }
groups: {self: {tests: {look: {type: call, method: postern.daemon.v1.DaemonService/GetStatus, interval: 100ms, amount: 600}}}}
control: false
arm: 2s
settle: 2s
`;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-runs-'));
  stage = await Stage.open(['north', 'south']);
  // One that loses the second message that it is given.
  stage.daemonOptions = ['--misbehave', 'lose=@2'];
  await stage.startDaemon('south');
  relay = await CuttableRelay.start(await stage.fleet.hubAddress());
});
after(async () => {
  await Promise.all(started.map((one) => one.stop('SIGKILL')));
  relay.stop();
  await stage.close();
  await rm(dir, { recursive: true, force: true });
});

function live(...args: string[]): Lines {
  const lines = new Lines(args, stage.fleet.env);
  started.push(lines);
  return lines;
}

/** Waits until it says so on stderr. */
async function says(run: Lines, what: RegExp): Promise<void> {
  const said = (): boolean => what.test(run.stderr);
  await eventually(`${what}`, said, { timeoutMs: 60_000, everyMs: 10 }).catch((thrown: unknown) => {
    throw new Error(run.stderr, { cause: thrown });
  });
}

const postern = (...args: string[]) => stage.fleet.postern(args);

test('a scenario with mistakes is not begun: all are told, with exit status 2', async () => {
  const file = await scenario('wrong', `${messages('north')}allow: {lost: none}\nsettel: 3s\n`);
  const { code, stdout, stderr } = await postern('run', file, '--hub', '127.0.0.1:1');
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /wrong\.yaml:6:9: allow\.lost: /);
  assert.match(stderr, /wrong\.yaml:7:1: settel: .*did you mean 'settle'\?/);
});

test('what cannot be done with a good scenario is said before it is begun', async () => {
  const file = await scenario('good', minute);
  const cases = [
    [['--name', 'no name'], /--name: 'no name' is none/],
    [['--seed', 'x'.repeat(129)], /--seed: at most 128/],
    [['--report', path.join(file, 'out')], /cannot write to .*out/],
    [['--detach', '--provider', 'local'], /--detach: the nodes of provider local end with this command/],
  ] as const;
  const finished = await Promise.all(
    cases.map(([words]) => postern('run', file, ...words, '--hub', '127.0.0.1:1')),
  );
  for (const [i, { code, stderr }] of finished.entries()) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, cases[i]?.[1] ?? /^$/);
  }
  const { code } = await postern('run', file, '--hub', '127.0.0.1:1');
  assert.equal(code, 1, 'without a hub');
});

test('a hub that has no controller is told from one that does not know the run', async () => {
  const server = new Server();
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, at: number): void => (error === null ? resolve(at) : reject(error));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
  try {
    for (const words of [['ls'], ['report', 'some-run', '-o', 'junit']]) {
      const { code, stderr } = await postern('runs', ...words, '--hub', `127.0.0.1:${port}`);
      assert.equal(code, 64 + 12);
      assert.match(stderr, /the hub has no controller/);
    }
  } finally {
    server.forceShutdown();
  }
});

describe('runs', { concurrency: 4 }, () => {
  test('a run that passes is shown through a loss of the hub, and its report is written', async () => {
    const [out, junit] = [path.join(dir, 'out'), path.join(dir, 'ci/junit.xml')];
    const file = await scenario('sound', messages('north'));
    const words = ['--seed', '7', '--name', 'passes', '--report', out, '--junit', junit];
    const run = live('run', file, '--hub', relay.address, ...words);
    await says(run, /main\.running/);
    relay.cut();
    await says(run, /the hub was lost/);
    relay.heal();
    assert.equal(await run.ended(), 0, run.stderr + run.lines.join('\n'));
    assert.match(run.stderr, /the hub at .* answers again/);
    assert.match(run.stderr, /main\.settling[\s\S]*passed/);
    assert.equal(run.lines[0], 'PASS sound');
    const printed = run.lines.join('\n') + run.stderr;
    assert.equal(stripVTControlCharacters(printed), printed, 'no colours without a terminal');
    const report: unknown = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8'));
    assert.ok(report instanceof Object && 'verdict' in report && report.verdict === 'pass');
    assert.match(await readFile(path.join(out, 'index.html'), 'utf8'), /^<!doctype html>[\s\S]*passes/);
    assert.equal(await readFile(path.join(out, 'junit.xml'), 'utf8'), await readFile(junit, 'utf8'));
    assert.match(run.stderr, /written: .*index\.html/);

    const shown = await postern('runs', 'show', 'passes', '-o', 'json');
    assert.match(shown.stdout, /"seed": "7"/);
    const page = path.join(dir, 'page.html');
    await postern('runs', 'report', 'passes', '-o', 'html', '--output-file', page);
    assert.match(await readFile(page, 'utf8'), /^<!doctype html>/);
    assert.match((await postern('runs', 'report', 'passes', '-o', 'junit')).stdout, /^<\?xml/);
  });

  test('a run that fails ends with 3, and may pass by milder rules', async () => {
    const file = await scenario('fails', messages('south'));
    const run = live('run', file, '-o', 'jsonl', '--name', 'fails');
    assert.equal(await run.ended(), 3, run.stderr + run.lines.at(-1));
    const told = run.lines.map((line): unknown => JSON.parse(line));
    assert.ok(told.length > 3);
    assert.match(run.lines.at(-1) ?? '', /"state":"failed".*"verdict":"fail"/);
    assert.match(run.stderr, /FAIL fails/);

    const again = await postern('check', 'fails');
    assert.equal(again.code, 3);
    assert.match(again.stdout, /^FAIL fails\n[\s\S]*lost: /);
    assert.doesNotMatch(again.stderr, /other rule/);
    const milder = await postern('check', 'fails', '--lost', '1');
    assert.equal(milder.code, 0, milder.stdout);
    assert.match(milder.stdout, /^PASS fails/);
    assert.match(milder.stderr, /other rule: allow\.lost: 1 \(the scenario: 0\)/);
  });

  test('Ctrl-C ends a run and waits for its verdict', async () => {
    const run = live('run', await scenario('long', minute), '--name', 'interrupted');
    await says(run, /main\.running/);
    assert.equal(await run.stop('SIGINT'), 4, run.stderr);
    assert.match(run.stderr, /ending the run; again to leave at once[\s\S]*stopping[\s\S]*aborted/);
    assert.equal(run.lines[0], 'UNKNOWN long');
    assert.match(run.lines.join(), /aborted: .* ended it: interrupted/);
  });

  test('a second Ctrl-C leaves at once, and the run goes on ending', async () => {
    const run = live('run', await scenario('longer', minute), '--name', 'left');
    await says(run, /main\.running/);
    const left = run.stop('SIGINT');
    await says(run, /again to leave/);
    await Promise.all([run.stop('SIGINT'), left]);
    assert.equal(await left, 130, run.stderr);
    assert.match(run.stderr, /goes on ending at the hub: postern runs watch left/);
    const watched = await postern('runs', 'watch', 'left', '-o', 'jsonl');
    assert.equal(watched.code, 4, watched.stderr);
    assert.match(watched.stdout, /"state":"aborted"/);
  });

  test('a run that is left to the hub is looked on at without ending it, and ended by name', async () => {
    const begun = await postern('run', '--detach', await scenario('left-alone', minute));
    assert.match(begun.stdout, /^left-alone-\d{8}-\d{4}-\w{4}\n$/);
    const name = begun.stdout.trim();
    const watch = live('runs', 'watch', name);
    await says(watch, /main\.running/);
    assert.equal(await watch.stop('SIGINT'), 130);
    assert.match(watch.stderr, /the run goes on: end it with `postern runs stop/);
    const going = await postern('runs', 'show', name);
    assert.match(going.stdout, /state +main\.running/);
    assert.match(going.stdout, /took .* so far/);
    const report = await postern('runs', 'report', name);
    assert.equal(report.code, 64 + 9);
    assert.match(report.stderr, /has not ended/);
    assert.equal((await postern('runs', 'stop', name, '--reason', 'enough')).code, 0);
    const ended = await postern('runs', 'watch', name);
    assert.equal(ended.code, 4);
    assert.match(ended.stdout, /ended it: enough/);
    assert.match((await postern('runs', 'stop', name)).stderr, /has ended already: aborted/);
  });
});

test('all runs are listed, the newest first, and completed', async () => {
  const listed = (await postern('runs', 'ls', '-o', 'name')).stdout.trim().split('\n');
  assert.equal(listed.length, 5);
  const table = await postern('runs', 'ls', '--limit', '2');
  assert.match(table.stdout, /^RUN +SCENARIO +STATE +VERDICT +STARTED +TOOK\n/);
  assert.equal(table.stdout.trim().split('\n').length, 3);
  assert.match(table.stderr, /there are older ones/);
  // On a busy machine looking may take longer than a shell waits.
  const offered = await eventually('runs are offered', async () => {
    const { stdout } = await postern('complete-runs');
    return stdout === '' ? undefined : stdout.trim().split('\n');
  });
  assert.deepEqual(offered, listed);
  const newest = await postern('runs', 'show', '-o', 'json');
  assert.match(newest.stdout, new RegExp(`"run": "${listed[0]}"`));
  const none = await postern('runs', 'show', 'nobody');
  assert.equal(none.code, 64 + 5);
  assert.match(none.stderr, /there is no run 'nobody'/);
});
