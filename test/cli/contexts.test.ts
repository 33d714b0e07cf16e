import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { callerTokenText } from './caller-token.js';
import { postern } from './postern.js';

const token = callerTokenText({ jti: 'abc123', sub: 'ci', exp: 4_102_444_800 });
let home: string;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'postern-contexts-'));
});
beforeEach(() => rm(path.join(home, 'postern'), { recursive: true, force: true }));
after(() => rm(home, { recursive: true, force: true }));

/** `postern context …` of a user whose contexts lie in the test's own directory. */
function context(args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) {
  return postern(['context', ...args], {
    ...options,
    env: { XDG_CONFIG_HOME: home, POSTERN_DATA: undefined, ...options.env },
  });
}

const fileOf = (name: string): string => path.join(home, 'postern/contexts', `${name}.yaml`);

test('a context is added, chosen, listed, shown and removed, and its token is never shown', async () => {
  const said = [
    await context(['add', 'garden', '--hub', 'https://hub.example.org', '--token', '-', '--select'], {
      input: `${token}\n`,
    }),
    await context(['add', 'here', '--hub', '127.0.0.1:7', '--token', token]),
    await context(['ls']),
    await context(['ls', '-o', 'json']),
    await context(['show']),
    await context(['show', 'here', '-o', 'json']),
  ];
  for (const { code, stdout, stderr } of said) {
    assert.equal(code, 0, stderr);
    for (const part of token.split('.')) assert.ok(!`${stdout}${stderr}`.includes(part));
  }
  const [, , table, listed, shown, shownJson] = said;
  assert.match(table?.stdout ?? '', /^\* +garden +https:\/\/hub\.example\.org +from the context/m);
  assert.match(table?.stdout ?? '', /^ +here +127\.0\.0\.1:7 /m);
  const current: { name: string; current: boolean }[] = JSON.parse(listed?.stdout ?? '');
  assert.deepEqual(
    current.map((one) => [one.name, one.current]),
    [
      ['garden', true],
      ['here', false],
    ],
  );
  assert.match(shown?.stdout ?? '', /id abc123, for ci, good until 2100-01-01T00:00:00\.000Z/);
  assert.equal(JSON.parse(shownJson?.stdout ?? '').tokenId, 'abc123');

  assert.equal((await context(['select', 'here'])).code, 0);
  assert.match((await context(['show'])).stdout, /^name +here \(the one that counts\)$/m);
  assert.match((await context(['show'], { env: { POSTERN_CONTEXT: 'garden' } })).stdout, /^name +garden /m);
  assert.match((await context(['rm', 'here'])).stderr, /it was the one that counted, now none does/);
  assert.deepEqual((await context(['ls', '-o', 'name'])).stdout, 'garden\n');
  assert.match((await context(['show'])).stderr, /no context counts/);
  assert.equal((await context(['use', 'garden'])).code, 0);
  assert.equal((await context(['use', '--none'])).code, 0);
  assert.match((await context(['show'])).stderr, /no context counts/);
});

test('contexts are private: directory 0700, file 0600; a token that others can read is refused until that is mended', async () => {
  await context(['add', 'a', '--hub', 'h:1', '--token', token, '--select']);
  const modeOf = async (file: string) => (await stat(file)).mode & 0o777;
  assert.equal(await modeOf(path.dirname(fileOf('a'))), 0o700);
  assert.equal(await modeOf(fileOf('a')), 0o600);
  assert.equal(await modeOf(path.join(home, 'postern/context')), 0o600);
  for (const mode of [0o640, 0o604, 0o622]) {
    await chmod(fileOf('a'), mode);
    const refused = await context(['show', 'a']);
    assert.equal(refused.code, 2);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /other users of this machine can read the token in /);
    const mend = /chmod 600 (\S+);/.exec(refused.stderr)?.[1] ?? '';
    assert.equal(mend, fileOf('a'));
    await chmod(mend, 0o600);
    assert.equal((await context(['show', 'a'])).code, 0);
  }
  // Without a token in it there is nothing to hide.
  await context(['add', 'b', '--hub', 'h:1']);
  await chmod(fileOf('b'), 0o644);
  assert.equal((await context(['show', 'b'])).code, 0);
  await chmod(fileOf('a'), 0o644);
  assert.match((await context(['ls'])).stdout, /^\* +a .*other users of this machine can read/m);
});

test('of many who add the same name at once one wins; many names at once are all there', async () => {
  const same = await Promise.all(
    Array.from({ length: 5 }, (_, i) => context(['add', 'same', '--hub', `h:${i + 1}`])),
  );
  assert.equal(same.filter(({ code }) => code === 0).length, 1);
  for (const { code, stderr } of same) {
    if (code !== 0) assert.match(stderr, /there is a context 'same' already/);
  }
  await Promise.all(
    Array.from({ length: 5 }, (_, i) => context(['add', `n${i}`, '--hub', 'h:1', '--select'])),
  );
  assert.equal((await context(['ls', '-o', 'name'])).stdout, 'n0\nn1\nn2\nn3\nn4\nsame\n');
  assert.match((await context(['show'])).stdout, /^name +n\d /m);
  assert.deepEqual(
    (await readdir(path.join(home, 'postern/contexts'))).filter((file) => !file.endsWith('.yaml')),
    [],
  );
  assert.equal((await context(['add', 'same', '--hub', 'other:1', '--force'])).code, 0);
  assert.equal(await readFile(fileOf('same'), 'utf8'), 'hub: other:1\n');
});

test('a data directory of the environment belongs to no hub elsewhere', async () => {
  const env = { POSTERN_DATA: '/some/where' };
  assert.equal((await context(['add', 'far', '--hub', 'far:1'], { env })).code, 0);
  assert.equal(await readFile(fileOf('far'), 'utf8'), 'hub: far:1\n');
  assert.equal((await context(['add', 'near'], { env })).code, 0);
  assert.equal(await readFile(fileOf('near'), 'utf8'), 'data: /some/where\n');
  assert.equal((await context(['add', 'both', '--hub', 'far:1', '--data', '/else'], { env })).code, 0);
  assert.equal(await readFile(fileOf('both'), 'utf8'), 'hub: far:1\ndata: /else\n');
});

test('mistakes are told with what to do, and leave nothing behind', async () => {
  await context(['add', 'garden', '--hub', 'h:1']);
  for (const { args, input, says } of [
    { args: ['use', 'gardn'], says: /there is no context 'gardn'\nthere is garden;/ },
    { args: ['show', 'gardn'], says: /there is no context 'gardn'/ },
    { args: ['rm', 'gardn'], says: /there is no context 'gardn'/ },
    { args: ['use'], says: /say either the name of a context or --none/ },
    { args: ['use', 'garden', '--none'], says: /say either/ },
    { args: ['add', '../x', '--hub', 'h:1'], says: /"\.\.\/x" is no name for a context\na name is letters/ },
    { args: ['rm', '../../postern/context'], says: /is no name for a context/ },
    { args: ['add', 'x'], says: /it names neither hub nor data/ },
    { args: ['add', 'x', '--hub', 'nonsense'], says: /'nonsense' is not the address of a hub/ },
    { args: ['add', 'x', '--hub', 'h:1', '--token', '-'], input: '\n', says: /gives no token/ },
    { args: ['add', 'x', '--hub', 'h:1', '--token', '-'], input: 'a'.repeat(20_000), says: /too long for a/ },
    { args: ['add', 'x', '--hub', 'h:1', '--token', 'pj_12'], says: /the token is no caller token/ },
    { args: ['add', 'x', '--hub', 'h:1', '--token', token, '--token-file', home], says: /two tokens/ },
    { args: ['add', 'x', '--hub', 'h:1', '--token-file', '/no/such'], says: /cannot read --token-file/ },
    { args: ['add', 'x', '--hub', 'https://h', '--hub-ca', '/no/such'], says: /cannot use the CA file/ },
  ]) {
    const { code, stdout, stderr } = await context(args, input === undefined ? {} : { input });
    assert.match(stderr, says, args.join(' '));
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
  }
  assert.deepEqual(await readdir(path.join(home, 'postern/contexts')), ['garden.yaml']);
});

test('a context file that is no context is told with its place, and nothing of what is in it', async () => {
  await mkdir(path.dirname(fileOf('x')), { recursive: true });
  for (const { text, says } of [
    { text: `hub: [${token}`, says: /x\.yaml: it is no YAML/ },
    { text: 'hub: h:1\ntokn: secret-word\n', says: /Unrecognized key: "tokn"/ },
    { text: 'hub: h\n', says: /hub: 'h' is not the address of a hub/ },
    { text: '', says: /x\.yaml: / },
    { text: `hub: h:1\n#${'x'.repeat(70_000)}`, says: /longer than 65536 bytes/ },
  ]) {
    await writeFile(fileOf('x'), text);
    const { code, stderr } = await context(['show', 'x']);
    assert.equal(code, 2);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /secret-word|eyJ/);
  }
});
