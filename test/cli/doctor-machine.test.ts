import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { natsServer } from '../support/nats.js';
import { run, startReady } from '../support/processes.js';
import { callerTokenText } from './caller-token.js';
import { doctor, follow, look, nobody } from './doctor-run.js';
import { cleanEnv, postern, posternBin } from './postern.js';

let home: string;
/** A data directory that a hub has run with. */
let data: string;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'postern-doctor-'));
  data = path.join(home, 'state/postern');
  const up = await startReady(
    posternBin,
    ['up', '--data', data, '--listen', '127.0.0.1:0', '--metrics', 'off', '-o', 'json'],
    { env: cleanEnv() },
  );
  assert.equal(await up.stop(), 0);
});
after(() => rm(home, { recursive: true, force: true }));

/** The variables of a user whose directories are the test's. */
function user(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, POSTERN_NATS_SERVER } = process.env;
  return {
    PATH,
    POSTERN_NATS_SERVER,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_STATE_HOME: path.join(home, 'state'),
    ...more,
  };
}

test('a machine that is well has nothing to mend but that no hub runs', async () => {
  const found = await look(user());
  assert.deepEqual(found.failed, ['hub address']);
  for (const check of [
    'node version',
    'proxy variables',
    'data directory',
    'keys',
    'admin token',
    'nats-server',
  ]) {
    assert.equal(found.of(check).outcome, 'ok', check);
  }
  assert.match(found.of('admin token').says, /^id [0-9a-f]{18}, for admin, good until 20/);
  const bare = await look(user({ XDG_STATE_HOME: path.join(home, 'nothing') }));
  assert.deepEqual(bare.failed, ['hub address']);
  for (const check of [
    'data directory',
    'keys',
    'admin token',
    'leftovers',
    'hub certificate',
    'token',
    'nodes',
  ]) {
    assert.equal(bare.of(check).outcome, 'skipped', check);
  }
});

test('secrets that others can read are found, and what is said to mend it mends it', async () => {
  for (const [file, mode] of [
    ['keys/signing.nk', 0o640],
    ['keys/caller.jwk', 0o604],
    ['keys', 0o755],
    ['tokens/admin.jwt', 0o644],
    ['nats', 0o750],
  ] as const) {
    await chmod(path.join(data, file), mode);
    const bad = (await look(user())).of('data directory');
    assert.equal(bad.outcome, 'fail', file);
    assert.ok(bad.says.includes(path.join(data, file)), bad.says);
    await follow(bad);
    assert.equal((await look(user())).of('data directory').outcome, 'ok', file);
  }
  await chmod(data, 0o755);
  const seen = (await look(user())).of('data directory');
  assert.equal(seen.outcome, 'warn');
  await follow(seen);
  assert.equal((await look(user())).of('data directory').outcome, 'ok');
});

test('keys that are broken, or missing beside others, are told, and nothing of them', async () => {
  for (const [file, text] of [
    ['signing.nk', 'broken'],
    ['caller.jwk', '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}'],
    // A key of another kind: an account's where the operator's should be.
    ['operator.nk', await readFile(path.join(data, 'keys/account.nk'), 'utf8')],
  ] as const) {
    const key = path.join(data, 'keys', file);
    const before = await readFile(key);
    await writeFile(key, text);
    const found = await look(user());
    assert.equal(found.of('keys').outcome, 'fail', file);
    assert.ok(found.of('keys').says.includes(key));
    assert.ok(!found.output.includes(text.trim()));
    await rm(key);
    // Without it `postern init` is enough for a NATS server.
    if (file !== 'caller.jwk')
      assert.match((await look(user())).of('keys').says, /missing, while others are there/);
    await writeFile(key, before, { mode: 0o600 });
    assert.equal((await look(user())).of('keys').outcome, 'ok');
  }
});

test('an admin token that is gone, of another hub, or broken, is told', async () => {
  const file = path.join(data, 'tokens/admin.jwt');
  const good = await readFile(file);
  const foreign = callerTokenText({ jti: 'x', sub: 'admin', exp: 4_102_444_800 });
  for (const [text, says] of [
    [foreign, /was not signed with the key of this directory/],
    ['nonsense', /holds no token/],
  ] as const) {
    await writeFile(file, text);
    const bad = (await look(user())).of('admin token');
    assert.deepEqual([bad.outcome, says.test(bad.says)], ['fail', true], bad.says);
    await follow(bad);
    assert.match((await look(user())).of('admin token').says, /there is no /);
    await writeFile(file, good, { mode: 0o600 });
  }
  // The key that signed it was replaced: the token is good while that one is believed, and not after.
  const keys = path.join(data, 'keys');
  const [key, rotate] = [
    await readFile(path.join(keys, 'caller.jwk')),
    ['keys', 'rotate', 'caller', '--data', data],
  ];
  assert.equal((await postern(rotate)).code, 0);
  assert.equal((await look(user())).of('admin token').outcome, 'ok');
  await writeFile(path.join(keys, 'retired.json'), 'nonsense', { mode: 0o600 });
  assert.match((await look(user())).of('keys').says, /retired\.json is no list of replaced keys/);
  await rm(path.join(keys, 'retired.json'));
  assert.equal((await look(user())).of('admin token').outcome, 'fail');
  await writeFile(path.join(keys, 'caller.jwk'), key);
  // A clock ten weeks on: the hub should have renewed it; fourteen weeks on it has expired.
  for (const [days, outcome] of [
    [75, 'warn'],
    [100, 'fail'],
  ] as const) {
    const clock = await shiftedClock(days * 86_400);
    const env = user({ POSTERN_DATA: undefined, NODE_OPTIONS: `--require ${clock}` });
    assert.equal((await doctor([], env)).of('admin token').outcome, outcome);
  }
});

/** A file that, loaded first, sets the clock of a Node process forward. */
async function shiftedClock(seconds: number): Promise<string> {
  const file = path.join(home, `clock-${seconds}.cjs`);
  await writeFile(file, `const now = Date.now; Date.now = () => now() + ${seconds * 1000};\n`);
  return file;
}

test('what a killed hub leaves is told, and can be taken away', async () => {
  const gone = await run(process.execPath, ['-p', 'process.pid']);
  const file = path.join(data, 'hub.json');
  const content = {
    pid: Number(gone.stdout),
    listen: ['127.0.0.1:1'],
    nats: '',
    metrics: '',
    startedAtMs: 1,
  };
  for (const [text, says] of [
    [JSON.stringify(content), /names process \d+, which has ended/],
    ['{"pid":', /cannot be read/],
  ] as const) {
    await writeFile(file, text, { mode: 0o600 });
    const left = (await look(user())).of('leftovers');
    assert.deepEqual([left.outcome, says.test(left.says)], ['warn', true], left.says);
    await rm(file);
    assert.equal((await look(user())).of('leftovers').outcome, 'skipped');
  }
  // The process id is another program's by now.
  const sleeper = await startReady('sh', ['-c', 'echo \'{"ready":true}\'; exec sleep 100']);
  await writeFile(file, JSON.stringify({ ...content, pid: sleeper.pid }), { mode: 0o600 });
  const wrong = (await look(user())).of('leftovers');
  assert.match(wrong.says, /which is no hub/);
  await follow(wrong);
  assert.equal((await look(user())).of('leftovers').outcome, 'skipped');
  await sleeper.stop();
});

test('a context that shows its token, or is chosen and gone, is told', async () => {
  const env = { XDG_CONFIG_HOME: path.join(home, 'config'), POSTERN_DATA: undefined };
  const token = callerTokenText({ jti: 'c', sub: 'c', exp: 4_102_444_800 });
  await postern(['context', 'add', 'garden', '--hub', '127.0.0.1:1', '--token', token], { env });
  assert.equal((await look(user())).of('contexts').outcome, 'ok');
  await chmod(path.join(home, 'config/postern/contexts/garden.yaml'), 0o644);
  const shown = await look(user());
  assert.equal(shown.of('contexts').outcome, 'fail');
  assert.ok(!shown.output.includes(token));
  await follow(shown.of('contexts'));
  assert.equal((await look(user())).of('contexts').outcome, 'ok');
  await postern(['context', 'use', 'garden'], { env });
  await rm(path.join(home, 'config/postern/contexts/garden.yaml'));
  const gone = await look(user());
  assert.deepEqual(gone.failed, ['contexts', 'hub address']);
  assert.match(gone.of('contexts').says, /the chosen context 'garden' is not there/);
  await postern(['context', 'use', '--none'], { env });
  assert.equal((await look(user())).of('contexts').outcome, 'skipped');
});

test('a proxy that cannot be used is told by the name of its variable, not its password', async () => {
  for (const [name, value, outcome] of [
    ['HTTPS_PROXY', 'socks5://user:hunter2@proxy.example:1080', 'fail'],
    ['all_proxy', 'http://user:hunter2@', 'fail'],
    ['HTTP_PROXY', 'http://user:hunter2@proxy.example:3128', 'ok'],
    ['https_proxy', 'proxy.example:3128', 'ok'],
  ] as const) {
    const found = await look(user({ [name]: value }));
    assert.equal(found.of('proxy variables').outcome, outcome, name);
    assert.ok(found.of('proxy variables').says.startsWith(name), name);
    assert.ok(!found.output.includes('hunter2'), name);
  }
});

test('a nats-server that cannot be run, or is not what was installed, is told', async () => {
  const wrong = (await look(user({ POSTERN_NATS_SERVER: '/bin/true' }))).of('nats-server');
  assert.deepEqual([wrong.outcome, wrong.says], ['fail', 'POSTERN_NATS_SERVER: /bin/true is no nats-server']);
  const tools = path.join(home, 'tools');
  await mkdir(tools);
  const checked = async () =>
    (await look(user({ PATH: '', POSTERN_NATS_SERVER: '' }), tools)).of('nats-server');
  assert.equal((await checked()).outcome, 'warn');
  const program = path.join(tools, 'nats-server');
  await copyFile((await natsServer()).path, program);
  assert.equal((await checked()).outcome, 'ok');
  const sum = await run('sha256sum', [program]);
  await writeFile(`${program}.sha256`, `${sum.stdout.split(' ')[0]}\n`);
  assert.match((await checked()).says, /installed earlier, checksum right$/);
  await writeFile(program, '\0', { flag: 'a' });
  const changed = await checked();
  assert.match(changed.says, /is not the file any more that was installed/);
  await follow(changed);
  assert.equal((await checked()).outcome, 'warn');
});

test('a port of the default listeners that another program has is told where no hub runs', async () => {
  const other = createServer();
  const ours = await new Promise<boolean>((resolve) => {
    other.once('error', () => resolve(false));
    other.listen({ host: '127.0.0.1', port: 9464 }, () => resolve(true));
  });
  const taken = (await look(user())).of('ports');
  assert.deepEqual([taken.outcome, /127\.0\.0\.1:9464/.test(taken.says)], ['warn', true], taken.says);
  assert.match(taken.mend ?? '', /`postern up .*--metrics 127\.0\.0\.1:PORT`/);
  if (ours) await new Promise((resolve) => other.close(resolve));
});

test('for people: one line for each check, a line on how to mend it, and a count', async () => {
  const env = { XDG_CONFIG_HOME: path.join(home, 'config'), POSTERN_DATA: data, POSTERN_HUB: nobody };
  const { code, stdout, stderr } = await postern(['doctor'], { env });
  assert.equal(code, 1);
  assert.match(stdout, /^ok {7}keys {13}5 in /m);
  assert.match(
    stdout,
    /^fail {5}hub address {6}nothing can be reached at 127\.0\.0\.1:1 .*\n {9}mend: start a hub/m,
  );
  assert.equal(stderr, 'postern: 1 thing to mend\n');
});
