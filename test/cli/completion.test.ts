import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { commands } from '../../src/cli/commands.js';
import { InspectorService } from '../../src/gen/postern/v1/inspector.js';
import { NodesServiceService } from '../../src/gen/postern/v1/nodes.js';
import { eventually, run } from '../support/processes.js';
import { cleanEnv, postern, posternBin } from './postern.js';

let server: Server;
let hub: string;
/** How often the nodes were asked for. */
let counted = 0;
/** Without a home nothing is kept between the tests. */
const nowhere = { XDG_CACHE_HOME: '/dev/null/cache' };

before(async () => {
  server = new Server();
  const node = (name: string) => ({
    name,
    state: 'lost',
    labels: {},
    instances: [],
    createdAtMs: 0,
    lastSeenAtMs: 0,
    calls: 0,
    keys: [],
    tags: [],
  });
  server.addService(NodesServiceService, {
    listNodes: (_call: unknown, done: (error: null, answer: unknown) => void) => {
      counted += 1;
      done(null, { nodes: [node('cellar'), node('greenhouse')] });
    },
  });
  const actor = (machine: string, id: string) => ({
    ...{ machine, id, node: 'cellar', run: '', state: 's', sinceMs: 0, bornMs: 0, sequence: 1, gone: false },
    ...{ contextJson: '{}', ignored: {}, definition: '', operations: [], tags: [] },
  });
  server.addService(InspectorService, {
    listActors: (_call: unknown, done: (error: null, answer: unknown) => void) => {
      const actors = [actor('link', 'cellar.b1'), actor('node', 'cellar'), actor('node', 'greenhouse')];
      done(null, { actors, more: false });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  hub = `127.0.0.1:${port}`;
});
after(() => server.forceShutdown());

/** What bash offers for a line whose last word is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `
    source <("$1" completion bash)
    COMP_WORDS=("\${@:2}")
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _postern
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', posternBin, 'postern', ...words], {
    env: cleanEnv({ ...nowhere, POSTERN_HUB: hub, PATH: `${path.dirname(posternBin)}:${process.env.PATH}` }),
  });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((line) => line !== '');
}

/** The same where the hub has something to offer, for which a shell does not wait for long: a busy machine may need several looks. */
function offeredByHub(...words: readonly string[]): Promise<string[]> {
  return eventually(words.join(' '), async () => {
    const found = await offered(...words);
    return found.some((word) => /cellar|greenhouse/.test(word)) ? found : undefined;
  });
}

test('bash offers commands, sub-commands, options and the words of a choice', async () => {
  const first = await offered('');
  for (const { path: words } of commands) {
    const shown = commands.some((one) => one.path[0] === words[0] && one.hidden !== true);
    assert.equal(first.includes(words[0] ?? ''), shown, words[0]);
  }
  assert.deepEqual(await offered('tok'), ['token-server', 'token']);
  assert.deepEqual(await offered('token', ''), ['create', 'inspect', 'ls', 'revoke']);
  assert.deepEqual(await offered('token', 'create', '--jo'), ['--join']);
  assert.deepEqual(await offered('nodes', '--output', 'j'), ['json', 'jsonl']);
  assert.deepEqual(await offered('nodes', '-o', 'x'), ['xml']);
  assert.deepEqual(await offered('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await offered('token', 'create', '--role', ''), [
    'call',
    'join',
    'operate',
    'trace',
    'admin',
  ]);
});

test('bash offers the nodes of the hub where a node stands, and nowhere else', async () => {
  assert.deepEqual(await offeredByHub('call', ''), ['cellar', 'greenhouse']);
  assert.deepEqual(await offeredByHub('call', '-d', '{}', '--max-time', '3s', 'g'), ['greenhouse']);
  assert.deepEqual(await offered('call', 'cellar', ''), []);
  assert.deepEqual(await offeredByHub('inspect', '--follow', 'c'), ['cellar']);
  assert.deepEqual(await offeredByHub('inspect', 'li'), ['link/cellar.b1']);
  assert.deepEqual(
    (await offeredByHub('nodes', '')).toSorted(),
    ['revoke', 'allow', 'kick', 'drain', 'resume', 'cellar', 'greenhouse'].toSorted(),
  );
  assert.deepEqual(await offeredByHub('nodes', 'revoke', ''), ['cellar', 'greenhouse']);
  assert.deepEqual(await offered('nodes', 'cellar', ''), []);
  assert.deepEqual(await offered('nodes', '--wat'), ['--watch']);
});

test('bash takes a word that is no command for a service, and what stands behind hub for its own', async () => {
  assert.deepEqual(await offeredByHub('fluentd', 'start', ''), ['cellar', 'greenhouse']);
  assert.deepEqual(await offeredByHub('fluentd', 'start', '-s', 'x:1', 'g'), ['greenhouse']);
  assert.deepEqual(await offeredByHub('hub', 'list-clients', 'c'), ['cellar']);
  assert.deepEqual(await offered('hub', 'list-clients', '--print'), ['--print-sample-request']);
  assert.deepEqual(await offered('fluentd', '--codec', ''), ['json', 'yaml', 'xml']);
  assert.deepEqual(await offered('hub', 'se'), ['serve']);
  assert.deepEqual(await offered('hub', 'serve', '--http'), ['--http-listen']);
});

test('what was looked up is offered again without asking, for a moment', async () => {
  const cache = await mkdtemp(path.join(tmpdir(), 'postern-completion-'));
  try {
    const asked = counted;
    const env = { POSTERN_HUB: hub, XDG_CACHE_HOME: cache };
    for (const _ of [1, 2])
      assert.equal((await postern(['complete-nodes'], { env })).stdout, 'cellar\ngreenhouse\n');
    assert.equal(counted - asked, 1);
    const other = await postern(['complete-nodes'], { env: { ...env, POSTERN_TOKEN: 'another' } });
    assert.equal(other.stdout, 'cellar\ngreenhouse\n');
    assert.equal(counted - asked, 2);
    assert.doesNotMatch(await readFile(path.join(cache, 'postern/completion.json'), 'utf8'), /another/);
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});

test('without a hub nothing is offered, and nothing is said', async () => {
  const quiet = await postern(['complete-nodes', '--hub', '127.0.0.1:1', '--connect-timeout', '1s'], {
    env: nowhere,
  });
  assert.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
});

test('every shell is told every command, option and choice', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await postern(['completion', shell]);
    assert.equal(code, 0);
    for (const { path: words, options = [], hidden } of commands) {
      if (hidden === true) continue;
      for (const word of words) assert.ok(stdout.includes(word), `${shell}: ${word}`);
      for (const option of options) {
        assert.ok(
          stdout.includes(shell === 'fish' ? `-l ${option.name}` : `--${option.name}`),
          `${shell}: ${option.name}`,
        );
        for (const choice of option.kind === 'choice' ? option.choices : []) {
          assert.ok(stdout.includes(choice), `${shell}: ${choice}`);
        }
      }
    }
  }
});
