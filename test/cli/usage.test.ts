import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { checkoutRoot, run } from '../support/processes.js';
import { cleanEnv, postern, posternBin, posternProcess } from './postern.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'postern-usage-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('the help of all lists the commands; nothing said is help too', async () => {
  const help = await postern(['--help']);
  assert.equal(help.code, 0);
  for (const word of ['up', 'agent', 'call', 'nodes', 'token', 'completion']) {
    assert.match(help.stdout, new RegExp(`^ {2}${word}\\b`, 'm'));
  }
  assert.doesNotMatch(help.stdout, /complete-nodes/);
  assert.deepEqual(await postern([]), help);
});

test('the version is that of the package', async () => {
  const manifest: { version: string } = JSON.parse(
    await readFile(path.join(checkoutRoot, 'package.json'), 'utf8'),
  );
  for (const args of [['--version'], ['version']]) {
    assert.deepEqual(await postern(args), { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  }
  const whole = await postern(['version', '-o', 'json']);
  assert.equal(JSON.parse(whole.stdout).version, manifest.version);
});

for (const { args, says } of [
  { args: ['cal'], says: /^postern: unknown command 'cal' \(Did you mean call\?\)\n/ },
  { args: ['token', 'creat'], says: /unknown command 'creat' \(Did you mean create\?\)/ },
  { args: ['call', 'a'], says: /missing required argument 'METHOD'/ },
  { args: ['run'], says: /say which SCENARIO to run, or --replay RUN/ },
  { args: ['nodes', 'a', 'b'], says: /too many arguments/ },
  { args: ['nodes', '--wach'], says: /unknown option '--wach'.*Did you mean --watch/ },
  { args: ['nodes', '-o'], says: /option '-o, --output <.*>' argument missing/ },
  {
    args: ['nodes', '-o', 'csv'],
    says: /^postern: --output: 'csv' is not one of table, json, jsonl, yaml, xml, name\n/,
  },
  { args: ['completion', 'tcsh'], says: /Allowed choices are bash, zsh, fish/ },
  { args: ['token', 'create'], says: /say either --join NODE or --caller NAME/ },
  { args: ['token', 'create', '--join', 'a', '--caller', 'b'], says: /say either/ },
  { args: ['nodes', '--hub', 'nonsense'], says: /'nonsense' is not the address of a hub/ },
  {
    args: ['call', 'a', 'b/c', '--proto', 'x', '--protoset', 'y', '--template'],
    says: /say either --proto or --protoset/,
  },
  { args: ['proxy', 'UPPER'], says: /'UPPER' is no node: a node name is one lower-case DNS label/ },
  {
    args: ['call', 'a', 'b.C/D', '--max-time', 'soon'],
    says: /--max-time: 'soon' is not a duration such as/,
  },
  {
    args: ['token', 'create', '--join', 'a', '--ttl', '0', '--hub', '127.0.0.1:1'],
    says: /--ttl: .*0 seconds/,
  },
  { args: ['init', '--nats-listen', 'nowhere'], says: /'nowhere' is not an address: the port is missing/ },
]) {
  test(`a mistake in usage: postern ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await postern(args);
    assert.match(stderr, says);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  });
}

test('output that cannot be written is a failure, output that nobody reads is none', async () => {
  const full = await run('sh', ['-c', '"$0" --help > /dev/full', posternBin], { env: cleanEnv() });
  assert.match(full.stderr, /^postern: cannot write the output: ENOSPC/);
  assert.equal(full.code, 1);
  const unread = await run('bash', ['-o', 'pipefail', '-c', '"$0" completion zsh | true', posternBin], {
    env: cleanEnv(),
  });
  assert.deepEqual(unread, { code: 0, stdout: '', stderr: '' });
});

test('a word that only holds commands together shows them, as a mistake', async () => {
  const { code, stdout, stderr } = await postern(['token']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /create \[options\]/);
});

test('a hub that is not there is one line and what to do, without a stack', async () => {
  const quiet = await postern(['nodes', '--hub', '127.0.0.1:1']);
  assert.equal(quiet.code, 1);
  assert.match(quiet.stderr, /^postern: no hub answers at 127\.0\.0\.1:1 .*\n.*postern up.*\n$/);
  const debug = await postern(['nodes', '--hub', '127.0.0.1:1', '--log-level', 'debug']);
  assert.match(debug.stderr, /\n {4}at /);
});

test('colours are for terminals, and never where NO_COLOR is set', async () => {
  // script gives the command a terminal.
  const args = `${posternBin} cal`;
  const onTerminal = (env: NodeJS.ProcessEnv) =>
    run('script', ['-qec', args, '/dev/null'], { env: cleanEnv({ TERM: 'xterm', ...env }) });
  const escapes = '\u001b[';
  assert.ok((await onTerminal({ NO_COLOR: undefined })).stdout.includes(`${escapes}31mpostern:`));
  assert.ok(!(await onTerminal({ NO_COLOR: '1' })).stdout.includes(escapes));
  assert.ok(!(await onTerminal({ TERM: 'dumb' })).stdout.includes(escapes));
  assert.ok(!(await postern(['cal'])).stderr.includes(escapes));
});

test('not built, and a Node that is too old, are told with what to do', async () => {
  const unbuilt = await posternProcess(['version'], { env: { POSTERN_DIST: folder } });
  assert.equal(unbuilt.code, 1);
  assert.match(unbuilt.stderr, /^postern: it is not built: .*\nrun `make setup` in /);
  const old = path.join(folder, 'old.cjs');
  await writeFile(old, "Object.defineProperty(process.versions, 'node', { value: '18.12.0' });\n");
  const refused = await run(process.execPath, ['-r', old, posternBin, 'version'], { env: cleanEnv() });
  assert.equal(refused.code, 1);
  assert.equal(
    refused.stderr,
    'postern: Node 20.19 or newer is needed, this is 18.12.0\ninstall a newer Node\n',
  );
});

test('help, version and completion load neither gRPC nor NATS nor xstate', async () => {
  const list = path.join(folder, 'loaded');
  const hook = path.join(folder, 'hook.mjs');
  const loader = `
import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(list)}, url + '\\n');
  return next(url, context);
}`;
  await writeFile(
    hook,
    `import { register } from 'node:module';\nregister(${JSON.stringify(`data:text/javascript,${encodeURIComponent(loader)}`)});\n`,
  );
  const loadedBy = async (args: string[]): Promise<string> => {
    await writeFile(list, '');
    await postern(args, { env: { NODE_OPTIONS: `--import file://${hook}` } });
    return readFile(list, 'utf8');
  };
  const heavy = /node_modules\/(@grpc|@nats-io|nats|xstate|@bufbuild|pino|zod|yaml|prom-client|jose)\//;
  for (const args of [
    ['--help'],
    ['call', '--help'],
    ['up', '--help'],
    ['--version'],
    ['version'],
    ['completion', 'bash'],
    ['cal'],
  ]) {
    const loaded = await loadedBy(args);
    assert.match(loaded, /src\/cli\/main\.js/, args.join(' '));
    assert.doesNotMatch(loaded, heavy, args.join(' '));
    // Completion names the options of services too.
    assert.doesNotMatch(loaded, /service-commands\/(?!service-line|spec)/, args.join(' '));
  }
  // The list does show what is loaded.
  assert.match(await loadedBy(['nodes', '--hub', '127.0.0.1:1']), /node_modules\/@grpc\//);
});

test('whoever stops reading ends the command without a complaint', async () => {
  const script = `${posternBin} completion zsh | head -n 1; echo "status \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await run('bash', ['-c', script], { env: cleanEnv() });
  assert.equal(stdout, '#compdef postern\nstatus 0\n');
  assert.equal(stderr, '');
});
