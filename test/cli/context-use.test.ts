import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { writeHubFile } from '../../src/client/hub-file.js';
import { NodesServiceService } from '../../src/gen/postern/v1/nodes.js';
import { run } from '../support/processes.js';
import { callerTokenText } from './caller-token.js';
import { cleanEnv, postern, posternBin } from './postern.js';

const [own, other, admin] = ['own', 'other', 'admin'].map((jti) =>
  callerTokenText({ jti, sub: jti, exp: 4_102_444_800 }),
);
let home: string;
let data: string;
let server: Server;
let hub: string;
/** Tokens that came to the hub. */
const shown: string[] = [];

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'postern-context-use-'));
  data = path.join(home, 'state/postern');
  await mkdir(path.join(data, 'tokens'), { recursive: true });
  await writeFile(path.join(data, 'tokens/admin.jwt'), `${admin}\n`);
  server = new Server();
  server.addService(NodesServiceService, {
    listNodes: (
      call: ServerUnaryCall<unknown, unknown>,
      done: (error: null, answer: { nodes: never[] }) => void,
    ) => {
      shown.push(call.metadata.get('x-postern-authorization').join());
      done(null, { nodes: [] });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  hub = `127.0.0.1:${port}`;
});
beforeEach(async () => {
  shown.length = 0;
  await rm(path.join(home, 'postern'), { recursive: true, force: true });
});
after(async () => {
  server.forceShutdown();
  await rm(home, { recursive: true, force: true });
});

/** Of a user whose directories are the test's, and who has no other variables. */
function user(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return postern(args, {
    env: {
      XDG_CONFIG_HOME: home,
      XDG_STATE_HOME: path.join(home, 'state'),
      POSTERN_DATA: undefined,
      ...env,
    },
  });
}

async function add(name: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await user(['context', 'add', name, ...args]);
  assert.equal(code, 0, stderr);
}

/** The token that a call brought to the hub. */
async function tokenOf(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string | undefined> {
  const { code, stderr } = await user(['nodes', ...args], env);
  assert.equal(code, 0, stderr);
  return shown.at(-1)?.replace('Bearer ', '');
}

/** Where a hub was looked for, and by whose word. */
async function lookedFor(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stderr } = await user(['nodes', ...args], env);
  return /no hub answers at (.*?\)):/.exec(stderr)?.[1] ?? stderr;
}

test('flags win over the environment, that over the context, that over the data directory; messages say which', async () => {
  await add('one', '--hub', '127.0.0.1:1', '--select');
  await add('two', '--hub', '127.0.0.1:2');
  // A directory whose hub runs, as it says.
  const near = path.join(home, 'near');
  await writeHubFile(near, {
    pid: process.pid,
    listen: ['127.0.0.1:3'],
    nats: '',
    metrics: '',
    startedAtMs: 1,
  });
  const running = `127.0.0.1:3 (from ${near}/hub.json`;
  await add('three', '--data', near);
  const env = { POSTERN_HUB: '127.0.0.1:4' };
  for (const { args, env: said, at } of [
    { args: [], at: '127.0.0.1:1 (context one)' },
    { args: [], env: { POSTERN_CONTEXT: 'two' }, at: '127.0.0.1:2 (context two)' },
    { args: ['--context', 'one'], env: { POSTERN_CONTEXT: 'two' }, at: '127.0.0.1:1 (context one)' },
    { args: [], env, at: '127.0.0.1:4 (from POSTERN_HUB)' },
    { args: [], env: { ...env, POSTERN_CONTEXT: 'two' }, at: '127.0.0.1:4 (from POSTERN_HUB)' },
    { args: ['--context', 'two'], env, at: '127.0.0.1:2 (context two)' },
    { args: ['--hub', '127.0.0.1:5'], env, at: '127.0.0.1:5 (from --hub)' },
    { args: ['--hub', '127.0.0.1:5'], env: { POSTERN_CONTEXT: 'two' }, at: '127.0.0.1:5 (from --hub)' },
    // A data directory that is said is another hub than the one that was chosen.
    { args: ['--data', near], at: `${running})` },
    { args: [], env: { POSTERN_DATA: near }, at: `${running})` },
    { args: ['--context', 'three'], at: `${running}, context three)` },
  ]) {
    assert.equal(await lookedFor(args, said), at, `${args.join(' ')} ${JSON.stringify(said)}`);
  }
  const both = await user(['nodes', '--hub', 'h:1', '--context', 'one']);
  assert.deepEqual([both.code, both.stderr], [2, 'postern: say either --hub or --context\n']);
});

test("a context's token goes to the context's hub alone, and the admin token of this machine not there", async () => {
  await add('with', '--hub', hub, '--token', own ?? '', '--select');
  await add('without', '--hub', hub);
  await add('local', '--hub', hub, '--data', data);
  const file = path.join(home, 'token');
  await writeFile(file, `${other}\n`);
  await add('file', '--hub', hub, '--token-file', file);
  for (const { args, env, token } of [
    { args: [], token: own },
    { args: ['--context', 'with'], token: own },
    { args: ['--context', 'file'], token: other },
    { args: ['--context', 'without'], token: '' },
    { args: ['--context', 'without', '--data', data], token: admin },
    { args: ['--context', 'without'], env: { POSTERN_DATA: data }, token: '' },
    { args: ['--context', 'local'], token: admin },
    { args: ['--context', 'local'], env: { POSTERN_DATA: '/nonexistent' }, token: admin },
    // Another hub by its address, although the address is the same: nothing of the context counts.
    { args: ['--hub', hub], token: admin },
    { args: [], env: { POSTERN_HUB: hub }, token: admin },
    { args: ['--token', other ?? ''], token: other },
    { args: ['--token-file', file], token: other },
    { args: [], env: { POSTERN_TOKEN: other }, token: other },
    { args: ['--context', 'with'], env: { POSTERN_TOKEN: other }, token: own },
    { args: ['--context', 'with', '--token-file', file], env: { POSTERN_TOKEN: admin }, token: other },
    { args: ['--token-file', file], env: { POSTERN_TOKEN: admin }, token: other },
  ]) {
    assert.equal(await tokenOf(args, env), token, `${args.join(' ')} ${JSON.stringify(env)}`);
  }
});

test('a context that is not there is told with its like, and by whose word it was wanted', async () => {
  await add('garden', '--hub', hub, '--select');
  const flag = await user(['nodes', '--context', 'gardn']);
  assert.equal(flag.code, 2);
  assert.match(flag.stderr, /^postern: there is no context 'gardn'\nthere is garden;/);
  const env = await user(['nodes'], { POSTERN_CONTEXT: 'gardn' });
  assert.match(env.stderr, /there is no context 'gardn' \(POSTERN_CONTEXT\)/);
  await rm(path.join(home, 'postern/contexts/garden.yaml'));
  const chosen = await user(['nodes']);
  assert.match(
    chosen.stderr,
    /there is no context 'garden' \(.*\/postern\/context\)\nmake one: postern context add/,
  );
  await rm(path.join(home, 'postern/context'));
  assert.equal((await user(['nodes', '--hub', hub])).code, 0);
});

test('every command that talks to a hub takes --context, and shells offer the names', async () => {
  await add('garden', '--hub', hub, '--token', own ?? '');
  await add('greenhouse', '--hub', '127.0.0.1:1');
  for (const command of ['call a b.C/D', 'list a', 'describe a', 'inspect a', 'token ls', 'token revoke x']) {
    const { stderr } = await user([...command.split(' '), '--context', 'greenhouse']);
    assert.match(stderr, /no hub answers at 127\.0\.0\.1:1 \(context greenhouse\)/, command);
  }
  const offered = async (...words: string[]): Promise<string[]> => {
    const script = `
      source <("$1" completion bash)
      COMP_WORDS=("\${@:2}")
      COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
      _postern
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = cleanEnv({
      XDG_CONFIG_HOME: home,
      PATH: `${path.dirname(posternBin)}:${process.env.PATH}`,
    });
    const { stdout, stderr } = await run('bash', ['-c', script, 'bash', posternBin, 'postern', ...words], {
      env,
    });
    assert.equal(stderr, '');
    return stdout.split('\n').filter((line) => line !== '');
  };
  assert.deepEqual(await offered('nodes', '--context', ''), ['garden', 'greenhouse']);
  assert.deepEqual(await offered('context', 'use', 'gr'), ['greenhouse']);
  assert.deepEqual(await offered('context', ''), ['add', 'use', 'ls', 'show', 'rm']);
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await postern(['completion', shell]);
    assert.match(stdout, /command postern complete-contexts/);
    assert.match(
      stdout,
      shell === 'zsh' ? /--context\[.*_postern_contexts/ : /-l context .*__postern_contexts/,
    );
  }
});
