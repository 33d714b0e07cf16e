import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeAuthority } from '../../scripts/certs/issue.js';
import { Fleet } from '../support/fleet.js';
import { interopProtoRoot } from '../support/interop/protos.js';
import { eventually, type Finished } from '../support/processes.js';
import { Lines, postern } from './postern.js';
import { linesOfBefore, mistakenLines } from './service-line-tables.js';

let fleet: Fleet;
let address: string;
let token: string;

/** A file of the fleet's directory. */
const file = (name: string): string => path.join(fleet.dir, name);

before(async () => {
  fleet = await Fleet.make();
  const authority = await makeAuthority('test authority');
  const own = await authority.issue(['hub.test']);
  await Promise.all([
    writeFile(file('ca.crt'), authority.cert),
    writeFile(file('hub.crt'), own.cert),
    writeFile(file('hub.key'), own.key),
    writeFile(file('request.yaml'), '# so many bytes\nresponseSize: 2\n'),
    writeFile(file('request.xml'), '<SimpleRequest><responseSize>3</responseSize></SimpleRequest>\n'),
    writeFile(file('bad.yml'), 'payload:\n  kind: 1\n'),
  ]);
  await mkdir(file('protos'));
  const twin = (name: string) =>
    `syntax = "proto3"; package ${name}; message M {} service Twin { rpc DoIt(M) returns (M); rpc Do_It(M) returns (M); }`;
  for (const name of ['one', 'two']) await writeFile(file(`protos/${name}.proto`), twin(name));
  const server = await fleet.interopServer();
  const door = [
    '--tls-cert-file',
    file('hub.crt'),
    '--tls-key-file',
    file('hub.key'),
    '--tls-ca-cert-file',
    file('ca.crt'),
  ];
  await fleet.up(door);
  address = await fleet.hubAddress();
  await fleet.agent('testserver', [server.address], ['--fluentd', 'sleep 1000', '--fluentd-settle', '50ms']);
  token = await fleet.callerToken('somebody');
});
after(() => fleet.stop());

/** A word or variable of a line with what stands for the stage in it. */
const filled = (word: string): string =>
  (word.startsWith('@') ? file(word.slice(1)) : word)
    .replace('ADDR', address.replace('127.0.0.1', 'localhost'))
    .replace('TOKEN', token);

/** Runs a line as a user on the hub's machine would. */
function line(text: string, options: { input?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Finished> {
  const env = Object.entries(options.env ?? {}).map(([name, value]) => [name, filled(value ?? '')]);
  return postern(text.split(' ').map(filled), {
    input: options.input ?? '',
    env: { ...fleet.env, XDG_CACHE_HOME: file('cache'), ...Object.fromEntries(env) },
  });
}

for (const { about, lines } of [
  { about: 'a line of before', lines: linesOfBefore },
  { about: 'a mistake, told in one message', lines: mistakenLines },
]) {
  describe(about, { concurrency: 3 }, () => {
    for (const { text, input = '{}', env = {}, code = 0, out = /^$/, err = /^$/ } of lines) {
      test(`${about}: ${[...Object.keys(env), 'postern', text].join(' ')}`, async () => {
        const done = await line(text, { input, env });
        assert.match(done.stderr, err);
        assert.match(done.stdout, out);
        assert.equal(done.code, code);
      });
    }
  });
}

test('a service alone lists its methods, and --help behind a method shows its types', async () => {
  const [hub, fluentd, method, nobody] = await Promise.all([
    line('.hub'),
    line('fluentd'),
    line('fluentd stop --help'),
    line('fluentd stop --help', { env: { POSTERN_HUB: '127.0.0.1:1' } }),
  ]);
  assert.match(
    hub.stdout,
    /^internal\.Hub\n\nMethods:\n {2}list-clients +HubListClientsRequest -> HubListClientsResponse\n {2}activity-feed +HubActivityFeedRequest -> stream ActivityEvent\n/,
  );
  assert.match(hub.stdout, /\nServed by the hub\.\n/);
  assert.match(fluentd.stdout, /\n {2}stop +FluentdStopRequest -> FluentdStopResponse\n/);
  assert.match(method.stdout, /^Usage: postern fluentd stop \[NODE\]/);
  assert.match(method.stdout, /\nenum FluentdStopStatus|message FluentdStopResponse \{\n/);
  assert.match(method.stdout, /--request-file <FILE>/);
  assert.match(nobody.stdout, /--request-file <FILE>/);
  assert.match(nobody.stderr, /^postern: no hub answers/);
  assert.deepEqual([hub.code, fluentd.code, method.code, nobody.code], [0, 0, 0, 1]);
});

test('streams go both ways in every codec, documents one after another', async () => {
  const [yaml, xml] = await Promise.all([
    line('test-service full-duplex-call testserver --codec yaml -o jsonl', {
      input: 'responseParameters: [{size: 1}]\n---\nresponseParameters: [{size: 2}]\n',
    }),
    line('test-service streaming-input-call testserver --codec xml', {
      input:
        '<StreamingInputCallRequest><payload><body>AAEC</body></payload></StreamingInputCallRequest>\n'.repeat(
          3,
        ),
    }),
  ]);
  assert.equal(yaml.stdout, '{"payload":{"body":"AA=="}}\n{"payload":{"body":"AAA="}}\n', yaml.stderr);
  assert.match(xml.stdout, /<aggregatedPayloadSize>9</, xml.stderr);
});

test('the feed of activity tells a call as it happens', async () => {
  const feed = new Lines(['hub', 'activity-feed', '-v'], { ...fleet.env });
  try {
    await eventually('the feed has begun', () => feed.stderr.includes('x-postern-cursor'));
    await line('test-service empty-call testserver');
    await eventually('the call is told', () =>
      feed.lines.some((one) =>
        one.includes('proxying gRPC request (/grpc.testing.TestService/EmptyCall) to: testserver'),
      ),
    );
  } finally {
    await feed.stop('SIGINT');
  }
});

test('types from files are used for nodes and for a plain server in the place of the hub', async () => {
  const proto = `--proto grpc/testing/test.proto --import-path ${interopProtoRoot}`;
  const done = await line(`test-service unary-call testserver -f @request.xml -o json ${proto}`);
  assert.equal(done.stdout, '{"payload":{"body":"AAAA"}}\n', done.stderr);
  const server = await fleet.interopServer();
  const plain = await line(`test-service empty-call -s ${server.address} ${proto}`);
  assert.deepEqual(plain, { code: 0, stdout: '{}\n', stderr: '' });
});

test('with several nodes a call must say which; bash offers what is there', async () => {
  const server = await fleet.interopServer();
  await fleet.agent('second', [server.address]);
  const which = await line('test-service empty-call', { input: '{}' });
  assert.match(
    which.stderr,
    /of the nodes, say which: second, testserver\npostern test-service METHOD NODE\n$/,
  );
  assert.equal(which.code, 2);
  assert.equal((await line('test-service empty-call second')).code, 0);
  // On a busy machine the first look may take longer than a shell waits.
  const offered = async (text: string): Promise<string[]> => {
    let words: string[] = [];
    await eventually(text, async () => {
      words = (await line(text)).stdout.split('\n').filter((word) => word !== '');
      return words.length > 0;
    });
    return words;
  };
  const services = await offered('complete-services');
  for (const word of ['fluentd', 'hub', 'test-service'])
    assert.ok(services.includes(word), services.join(' '));
  assert.deepEqual(await offered('complete-services fluentd'), ['start', 'stop', 'restart']);
  assert.deepEqual(await offered('complete-nodes'), ['second', 'testserver']);
  await rm(file('cache'), { recursive: true, force: true });
  const silent = await line('complete-services', { env: { POSTERN_HUB: '127.0.0.1:1' } });
  assert.deepEqual(silent, { code: 0, stdout: '', stderr: '' });
});
