import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { agentBindings, agentConfigOf, agentSettings } from '../../src/cli/agent-settings.js';
import type { CommandSpec } from '../../src/cli/command-spec.js';
import { commands } from '../../src/cli/commands.js';
import { hubBindings, hubConfigOf, hubSettings, upBindings, upSettings } from '../../src/cli/hub-settings.js';
import type { Invocation } from '../../src/cli/invocation.js';
import { Options } from '../../src/cli/options.js';
import { readSettings } from '../../src/cli/settings.js';
import { parseDurationMs } from '../../src/duration.js';
import { hubConfig } from '../../src/hub/config.js';
import { postern } from './postern.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'postern-config-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function commandOf(name: string): CommandSpec {
  const command = commands.find(({ path: words }) => words.join(' ') === name);
  assert.ok(command);
  return command;
}

function invoked(name: string, flags: Record<string, unknown>, env: NodeJS.ProcessEnv = {}): Invocation {
  const command = commandOf(name);
  const options = new Options(command.options ?? [], new Map(Object.entries(flags)), env);
  return { command, words: [], options, streams: process, env };
}

async function file(name: string, text: string): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, text);
  return at;
}

test('a flag wins over the environment, that over the file, that over the default', async () => {
  const config = await file('order.yaml', 'listen: [":1"]\ndomain: file.org\ndrain: 1m\nmetrics: "off"\n');
  const env = { POSTERN_CONFIG: config, POSTERN_DOMAIN: 'env.org', POSTERN_LISTEN: ':2, 127.0.0.1:3' };
  const read = (flags: Record<string, unknown>, variables: NodeJS.ProcessEnv) =>
    readSettings(invoked('up', flags, variables), upSettings, upBindings);
  const all = await read({ listen: [':4'] }, env);
  assert.deepEqual(all, { listen: [':4'], domain: 'env.org', drain: 60, metrics: 'off', logLevel: 'info' });
  assert.deepEqual((await read({}, env)).listen, [':2', '127.0.0.1:3']);
  assert.deepEqual((await read({ config }, {})).listen, [':1']);
  assert.deepEqual(await read({}, {}), { logLevel: 'info' });
  const hub = hubConfigOf(all, { data: '/d', natsUrls: ['nats://h:1'] });
  assert.deepEqual(hubConfig.parse(hub), {
    listen: [':4'],
    domain: 'env.org',
    routes: [],
    routesFrom: '',
    cors: { origins: [], maxAgeSeconds: 600 },
    issuers: [],
    trustedProxies: [],
    limits: { perCaller: {}, perNode: [] },
    metricsListen: '',
    data: '/d',
    natsAdvertise: ['nats://h:1'],
    credentialTtlSeconds: 86_400,
    drainSeconds: 60,
    natsPipe: ['nats://h:1'],
    legacyTunnels: [],
    tunnelConnectSeconds: 10,
    tunnelPingSeconds: 5,
    webhooks: [],
    logs: {
      bytes: 2 ** 30,
      fileBytes: 2 ** 28,
      nodeBytes: 2 ** 29,
      uploadBytes: 2 ** 29,
      keepSeconds: 30 * 86_400,
    },
  });
});

test('routes, labels and TLS have a form for the command line', async () => {
  const up = await readSettings(
    invoked('up', {}, { POSTERN_ROUTE: 'path=/etcd.,node=etcd; host=*.x.org,listener=:1,node=web' }),
    upSettings,
    upBindings,
  );
  assert.deepEqual(up.routes, [
    { pathPrefix: '/etcd.', node: 'etcd' },
    { host: '*.x.org', listener: ':1', node: 'web' },
  ]);
  const flags = {
    node: 'box',
    to: ['127.0.0.1:1', 'a.=tls://h:2'],
    label: ['zone=cellar', 'eq=a=b'],
    share: true,
    hub: 'hub.org:80',
    'to-ca': 'ca.pem',
    'to-insecure': true,
    'connect-timeout': '2s',
  };
  const agent = await readSettings(invoked('agent', flags), agentSettings, agentBindings);
  assert.deepEqual(agentConfigOf(agent, { data: '/d', hub: agent.hub, token: undefined }), {
    node: 'box',
    to: ['127.0.0.1:1', 'a.=tls://h:2'],
    labels: { zone: 'cellar', eq: 'a=b' },
    share: true,
    nats: [],
    data: '/d',
    hub: 'http://hub.org:80',
    toTls: { ca: 'ca.pem', insecure: true },
    forward: [],
    logs: [],
    infraDaemons: [],
    infraTokenServers: [],
    daemonRelays: [],
    daemonAddresses: [],
    connectTimeoutSeconds: 2,
  });
});

test('every mistake is told at once, with where it was made', async () => {
  const config = await file(
    'bad.yaml',
    'listen: [a, 7]\nlitsen: 3\nmetrics: 12\nroutes: [{node: UP}]\ndrain: soon\ncredentialTtl: 1\n',
  );
  const { code, stdout, stderr } = await postern(
    ['up', '--config', config, '--domain', '', '--output', 'xml'],
    {
      env: { POSTERN_NATS_LISTEN: 'nowhere', POSTERN_LOG_LEVEL: 'loud' },
    },
  );
  assert.equal(code, 2);
  assert.equal(stdout, '');
  for (const line of [
    'postern: the configuration has 12 mistakes:',
    "  --output: 'xml' is not one of text, json",
    "  POSTERN_LOG_LEVEL: 'loud' is not one of trace, debug, info, warn, error, silent",
    `  ${config}: listen[0]: 'a' is not an address: the port is missing`,
    `  ${config}: listen[1]: expected string, received number`,
    `  ${config}: routes[0].node: a node name is one lower-case DNS label: letters, digits and dashes, at most 63`,
    `  ${config}: routes[0]: a route needs listener, host or pathPrefix`,
    `  ${config}: metrics: it is neither 'off' nor an address HOST:PORT`,
    `  ${config}: drain: 'soon' is not a duration such as 30s, 1h30m or 500ms (a bare number is seconds)`,
    `  ${config}: credentialTtl: '1' is not between 10 s and 31536000 s`,
    `  ${config}: litsen: there is no such setting; is it 'listen'?`,
    'see `postern up --help` for every setting',
    "  POSTERN_NATS_LISTEN: 'nowhere' is not an address: the port is missing",
  ]) {
    assert.ok(stderr.includes(`${line}\n`), `${line}\nis not in\n${stderr}`);
  }
});

test('what is missing is named in all its forms', async () => {
  const agent = await postern(['agent']);
  assert.equal(agent.code, 2);
  assert.match(
    agent.stderr,
    /--node is missing \(or POSTERN_NODE, or node in --config FILE\)\n {2}--to is missing/,
  );
  const hub = await postern(['hub']);
  assert.match(hub.stderr, /--nats is missing \(or POSTERN_NATS, or nats in --config FILE\)/);
});

test('a file that is no YAML is told with its lines, one that is not there by name', async () => {
  const broken = await file('broken.yaml', 'listen: [\ndata: "\n');
  const { code, stderr } = await postern(['up', '--config', broken]);
  assert.equal(code, 2);
  assert.match(stderr, /broken\.yaml: line 2, column 1: /);
  assert.match(
    (await postern(['up', '--config', await file('list.yaml', '- a\n')])).stderr,
    /holds no settings/,
  );
  const missing = await postern(['up', '--config', '/no/such.yaml']);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot read --config \/no\/such\.yaml/);
  // A few aliases must not become gigabytes.
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [to, from] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map((pair) => [...pair])) {
    bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`);
  }
  const bombed = await postern(['up', '--config', await file('bomb.yaml', `${bomb.join('\n')}\n`)]);
  assert.equal(bombed.code, 2, bombed.stderr);
});

test('every option of the serving commands is a setting of the file too', () => {
  const outside = new Set(['config', 'output']);
  for (const [name, bindings, schema] of [
    ['up', upBindings, upSettings],
    ['hub', hubBindings, hubSettings],
    ['agent', agentBindings, agentSettings],
  ] as const) {
    const bound = bindings.map(({ option }) => option);
    const options = (commandOf(name).options ?? [])
      .map((option) => option.name)
      .filter((one) => !outside.has(one));
    assert.deepEqual(bound.toSorted(), options.toSorted(), name);
    const keys = new Set(bindings.map(({ key }) => key[0]));
    // Any number of them, which only a file can hold.
    if ('issuers' in schema.shape) keys.add('issuers');
    assert.deepEqual([...keys].toSorted(), Object.keys(schema.shape).toSorted(), name);
  }
});

test('durations are Go durations, and bare numbers are seconds', () => {
  for (const [text, ms] of [
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['10', 10_000],
    ['0', 0],
    ['2d', 172_800_000],
    ['250us', 0.25],
  ] as const) {
    assert.equal(parseDurationMs(text), ms, text);
  }
  for (const bad of ['', 'x', '1x', '-1s', '1h-3m', 's', '1 h', '1e3', 'Infinity']) {
    assert.equal(parseDurationMs(bad), undefined, bad);
  }
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
      assert.equal(
        parseDurationMs(`${hours}h${minutes}m${seconds}s`),
        ((hours * 60 + minutes) * 60 + seconds) * 1000,
      );
    }),
  );
});
