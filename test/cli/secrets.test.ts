import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { eventually, type Finished } from '../support/processes.js';

let fleet: Fleet;
/** Everything that was printed or logged, by what did it. */
const said = new Map<string, () => string>();
/** What nobody may print, by what it is. */
const secrets = new Map<string, string>();

before(async () => {
  fleet = await Fleet.make();
});
after(() => fleet.stop());

const inDir = (...names: string[]): string => path.join(fleet.dir, ...names);

/** Runs a command as loud as it can be, and remembers what it said. */
async function loud(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Finished> {
  const env = { XDG_CONFIG_HOME: inDir('config'), POSTERN_LOG_LEVEL: 'debug', ...options.env };
  const finished = await fleet.postern(args, { ...options, env });
  const made = args[0] === 'token' && args[1] === 'create';
  said.set(`postern ${args.join(' ')} (${said.size})`, () => (made ? '' : finished.stdout) + finished.stderr);
  return finished;
}

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const started = await fleet.start(args, { env: { POSTERN_LOG_LEVEL: 'debug', ...env } });
  said.set(`postern ${args.join(' ')}`, () => [started.stderr(), ...started.lines()].join('\n'));
}

/** A new token, whose secret part nobody may say. */
async function newToken(name: string, args: readonly string[]): Promise<string> {
  const { stdout, code, stderr } = await loud(['token', 'create', ...args]);
  assert.equal(code, 0, stderr);
  const token = stdout.trim();
  // Of a JWT the signature, of a join token the secret: the rest is told by `token ls`.
  secrets.set(name, token.split(token.startsWith('pj_') ? '_' : '.')[2] ?? '');
  return token;
}

/** Files below a directory, with their content. */
async function filesBelow(directory: string): Promise<[string, Buffer][]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file): Promise<[string, Buffer]> => [file, await readFile(file)]));
}

/** Where secrets belong: keys, tokens, contexts with a token in them. */
function belongs(file: string): boolean {
  return /\/(keys|tokens)\/|\/agent\/[^/]+\/key\.nk$|\/config\/postern\/contexts\//.test(file);
}

test('no command prints, logs or leaves a secret anywhere but where secrets belong', async () => {
  await start(['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0']);
  const address = await fleet.hubAddress();
  const server = await fleet.interopServer();

  const caller = await newToken('caller token', ['--caller', 'ci']);
  const joins = await Promise.all(
    ['cellar', 'attic', 'shed'].map((node) => newToken(`join token of ${node}`, ['--join', node])),
  );
  const [cellar = '', attic = '', shed = ''] = joins;
  const hub = { POSTERN_HUB: `http://${address}` };
  await start(['agent', '--node', 'cellar', '--to', server.address, '--data', inDir('cellar')], {
    ...hub,
    POSTERN_TOKEN: cellar,
  });
  await start(
    ['serve', 'attic', '--to', server.address, '--data', inDir('attic'), '--hub-uri', `ws://${address}/ws`],
    { POSTERN_TOKEN: attic },
  );
  await eventually('both are there', async () =>
    (await Promise.all(['cellar', 'attic'].map((node) => fleet.stateOf(node)))).every((state) =>
      state.startsWith('connected'),
    ),
  );

  const method = 'grpc.testing.TestService/EmptyCall';
  for (const node of ['cellar', 'attic']) {
    assert.equal((await loud(['call', node, method, '-v'], { env: { POSTERN_TOKEN: caller } })).code, 0);
  }
  // Tokens that are wrong: used up, of the other kind, and cut short.
  const wrong = { ...hub, POSTERN_CONNECT_TIMEOUT: '5s' };
  for (const token of [cellar, caller, shed.slice(0, -4)]) {
    const args = ['agent', '--node', 'shed', '--to', server.address, '--data', inDir('shed')];
    const refused = await loud(args, { env: { ...wrong, POSTERN_TOKEN: token } });
    assert.notEqual(refused.code, 0);
  }
  for (const token of [shed, `${caller}x`, caller.slice(0, -5)]) {
    assert.notEqual((await loud(['call', 'cellar', method], { env: { POSTERN_TOKEN: token } })).code, 0);
  }
  await loud(['nodes', '-o', 'json']);
  await loud(['inspect']);
  await loud(['token', 'ls', '-o', 'json']);
  await loud(['context', 'add', 'here', '--hub', address, '--token', '-'], { input: caller });
  await loud(['context', 'ls', '-o', 'json']);
  await loud(['context', 'show', 'here']);
  await loud(['nodes', '--context', 'here']);
  await loud(['doctor']);
  await loud(['doctor', '-o', 'json', '--context', 'here']);
  assert.equal((await loud(['backup', inDir('keys', 'b.tar.gz')])).code, 0);
  await writeFile(inDir('keys', 'cut'), 'x');
  await loud(['restore', inDir('keys', 'cut'), '--data', inDir('new')]);
  assert.equal((await loud(['restore', inDir('keys', 'b.tar.gz'), '--data', inDir('new')])).code, 0);

  const files = await filesBelow(fleet.dir);
  for (const [file, content] of files.filter(([name]) => belongs(name))) {
    const text = content.toString('utf8').trim();
    if (file.endsWith('.nk')) secrets.set(file, text);
    else if (file.endsWith('.jwk')) secrets.set(file, JSON.parse(text).d);
    else if (file.endsWith('.jwt')) secrets.set(file, text.split('.').at(-1) ?? '');
  }
  assert.ok(secrets.size >= 12, [...secrets.keys()].join());
  assert.ok([...secrets.values()].every((secret) => secret.length >= 40));

  const places: [string, string][] = [
    ...[...said].map(([what, text]): [string, string] => [what, text()]),
    ...files
      .filter(([file]) => !belongs(file))
      .map(([file, content]): [string, string] => [file, content.toString('latin1')]),
  ];
  // The hub and the agent did say a good deal.
  assert.ok(places.some(([what, text]) => what.startsWith('postern up') && text.includes('"level":"debug"')));
  for (const [place, text] of places) {
    for (const [what, secret] of secrets) assert.ok(!text.includes(secret), `${place} shows ${what}`);
    // Of keys that were made on the way, and never kept.
    assert.doesNotMatch(text, /\bS[UOA][A-Z2-7]{56}\b/, place);
    if (!place.endsWith('.conf')) assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/, place);
  }
});
