import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { goBuilt, goInstalled } from '../../scripts/go-tool.js';
import { goToolchain, withoutGo } from '../../scripts/go-toolchain.js';
import { compiledRoot, run } from '../support/processes.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-go-tool-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** A directory with a `go` that does what the script says. */
async function fakeGo(name: string, script: string): Promise<string> {
  const bin = path.join(dir, name);
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, 'go'), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin, 'go'), 0o755);
  return bin;
}

const nowhere = { standard: '/nowhere' };
const inPath = (...directories: string[]) => ({ ...nowhere, env: { PATH: directories.join(':') } });
const hint = 'install Go 1.26 or newer (https://go.dev/dl) and try again';

test('without Go the error says what to install, and tests say why they are skipped', async () => {
  await assert.rejects(goToolchain(inPath(dir)), {
    code: 'NO_GO',
    message: 'no usable Go toolchain: there is no go on PATH or in /nowhere',
    hint,
  });
  assert.match(String(await withoutGo(inPath(dir))), /there is no go on PATH.*install Go/);
});

test('in CI nothing is skipped for want of Go', async () => {
  assert.equal(await withoutGo({ ...nowhere, env: { PATH: dir, CI: 'true' } }), false);
});

test('a Go that is new enough is taken before one that is not', async () => {
  const old = await fakeGo('old', 'echo go version go1.19.8 linux/amd64');
  const newer = await fakeGo('newer', 'echo go version go1.26rc1 linux/amd64');
  assert.deepEqual(await goToolchain(inPath(old, newer)), {
    command: path.join(newer, 'go'),
    version: '1.26rc1',
  });
  assert.equal((await goToolchain({ ...inPath(old), standard: newer })).version, '1.26rc1');
});

test('a Go that is too old and fetches no newer one is named', async () => {
  const old = await fakeGo('stuck', '[ "$1" = version ] && echo go version go1.19.8 linux/amd64; exit 0');
  await assert.rejects(goToolchain(inPath(old)), {
    message: new RegExp(`^no usable Go toolchain: ${old}/go is Go 1.19.8, older than 1.26`),
    hint,
  });
});

test('a Go that is too old fetches a newer toolchain, and makes it executable', async () => {
  const root = path.join(dir, 'toolchain');
  await mkdir(path.join(root, 'bin'), { recursive: true });
  await mkdir(path.join(root, 'pkg/tool/linux_amd64'), { recursive: true });
  await writeFile(path.join(root, 'bin/go'), '#!/bin/sh\necho go version go1.26.8 linux/amd64\n', {
    mode: 0o444,
  });
  await writeFile(path.join(root, 'pkg/tool/linux_amd64/compile'), '', { mode: 0o444 });
  const asked = path.join(dir, 'asked');
  const old = await fakeGo(
    'fetching',
    `case "$1" in
      version) echo go version go1.19.8 linux/amd64 ;;
      env) printf 'linux\\namd64\\n' ;;
      mod) echo "$@" > ${asked}; printf '{\\n\\t"Dir": "${root}",\\n}\\n' ;;
    esac`,
  );
  assert.deepEqual(await goToolchain(inPath(old, '/bin', '/usr/bin')), {
    command: path.join(root, 'bin/go'),
    version: '1.26.8',
  });
  assert.equal(
    (await readFile(asked, 'utf8')).trim(),
    'mod download -json golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64',
  );
});

test('a program is built once, however many processes want it', { timeout: 120_000 }, async () => {
  const builds = path.join(dir, 'builds');
  // Builds slowly, and keeps count.
  const go = await fakeGo(
    'counting',
    `case "$1" in
      version) echo go version go1.26.8 linux/amd64 ;;
      install) echo "$@" >> ${builds}; sleep 1; printf '#!/bin/sh\\necho made\\n' > "$GOBIN/tool"; chmod +x "$GOBIN/tool" ;;
    esac`,
  );
  const into = path.join(dir, 'once');
  const module = path.join(compiledRoot, 'scripts/go-tool.js');
  const script = `import { goInstalled } from ${JSON.stringify(module)};
    console.log(await goInstalled('example.org/some/tool@v1.2.3', { into: ${JSON.stringify(into)} }));`;
  const env = { PATH: `${go}:/bin:/usr/bin` };
  const wanted = Array.from({ length: 4 }, () =>
    run(process.execPath, ['--input-type=module', '-e', script], { env, timeoutMs: 60_000 }),
  );
  const program = path.join(into, 'example.org_some_tool@v1.2.3/tool');
  for (const { code, stdout, stderr } of await Promise.all(wanted)) {
    assert.deepEqual({ code, stdout: stdout.trim() }, { code: 0, stdout: program }, stderr);
  }
  assert.equal((await run(program, [])).stdout, 'made\n');
  assert.deepEqual((await readFile(builds, 'utf8')).trim().split('\n'), [
    'install example.org/some/tool@v1.2.3',
  ]);
  assert.deepEqual(await readdir(into), ['example.org_some_tool@v1.2.3'], 'nothing else is left');
});

test('what Go says against a build is passed on, and nothing is left behind', async () => {
  const go = await fakeGo(
    'failing',
    'if [ "$1" = version ]; then echo go version go1.26.8 x/y; else echo "go: no such module" >&2; exit 1; fi',
  );
  const into = path.join(dir, 'failing-into');
  await assert.rejects(goInstalled('example.org/tool@v1.0.0', { ...inPath(go), into }), {
    code: 'GO_BUILD_FAILED',
    message: 'go install example.org/tool@v1.0.0: go: no such module',
  });
  assert.deepEqual(await readdir(into), []);
});

test('a program of the checkout is built again when its source changes, only then', {
  skip: await withoutGo(),
  timeout: 240_000,
}, async () => {
  const source = path.join(dir, 'hello');
  await mkdir(source, { recursive: true });
  await writeFile(path.join(source, 'go.mod'), 'module example.org/hello\n\ngo 1.21\n');
  const say = (word: string) =>
    writeFile(
      path.join(source, 'main.go'),
      `package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("${word}") }\n`,
    );
  const into = path.join(dir, 'built');
  await say('hello');
  const first = await goBuilt(source, 'hello', { into });
  assert.equal((await run(first, [])).stdout, 'hello');
  assert.equal(await goBuilt(source, 'hello', { into, ...inPath(dir) }), first, 'Go is not asked again');
  await say('again');
  const second = await goBuilt(source, 'hello', { into });
  assert.equal((await run(second, [])).stdout, 'again');
  assert.equal((await readdir(into)).length, 2);
});
