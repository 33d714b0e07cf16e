import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { interopProtoRoot } from '../support/interop/protos.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { eventually, type Finished } from '../support/processes.js';
import { cleanEnv, postern, posternBin } from './postern.js';

const service = 'grpc.testing.TestService';
let server: InteropServer;
let folder: string;

before(async () => {
  server = await startInteropServer();
  folder = await mkdtemp(path.join(tmpdir(), 'postern-call-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The interop server stands in the hub's place: it answers where no node is named. */
function ask(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Finished> {
  const env = { POSTERN_HUB: server.address, ...options.env };
  return postern(args, { ...options, env });
}

const zeros = (size: number): string => Buffer.alloc(size).toString('base64');

test('list and describe show what reflection tells', async () => {
  assert.match(
    (await ask(['list', 'hub'])).stdout,
    /^grpc\.health\.v1\.Health\ngrpc\.testing\.TestService\n/,
  );
  assert.match((await ask(['list', 'hub', service])).stdout, /^grpc\.testing\.TestService\.EmptyCall\n/);
  const described = await ask(['describe', 'hub', `${service}/StreamingInputCall`]);
  assert.match(
    described.stdout,
    /is a method:\nrpc StreamingInputCall \( stream \.grpc\.testing\.StreamingInputCallRequest \) returns \( \.grpc\.testing\.StreamingInputCallResponse \);\n\ngrpc\.testing\.StreamingInputCallRequest is a message:\nmessage StreamingInputCallRequest \{\n/,
  );
  assert.match(
    (await ask(['describe', 'hub', 'grpc.testing.PayloadType'])).stdout,
    /is an enum:\nenum PayloadType/,
  );
  assert.match(
    (await ask(['describe', 'hub'])).stdout,
    /Health is a service:[\s\S]*TestService is a service:/,
  );
  for (const args of [
    ['list', 'hub', 'a.B'],
    ['describe', 'hub', 'a.B'],
  ]) {
    const missing = await ask(args);
    assert.equal(missing.code, 1);
    assert.equal(missing.stdout, '');
    assert.match(missing.stderr, /'a\.B'/);
  }
});

test('one call: the answer on stdout and nothing else', async () => {
  const { code, stdout, stderr } = await ask([
    'call',
    'hub',
    `${service}/UnaryCall`,
    '-d',
    '{"responseSize":3}',
  ]);
  assert.equal(stderr, '');
  assert.equal(stdout, `{\n  "payload": {\n    "body": "${zeros(3)}"\n  }\n}\n`);
  assert.equal(code, 0);
  const empty = await ask(['call', 'hub', `${service}/EmptyCall`]);
  assert.deepEqual(empty, { code: 0, stdout: '{}\n', stderr: '' });
});

test('the forms of the answers', async () => {
  const args = [
    'call',
    'hub',
    `${service}/StreamingOutputCall`,
    '-d',
    '{"responseParameters":[{"size":1},{"size":2}]}',
  ];
  const expected = [{ payload: { body: zeros(1) } }, { payload: { body: zeros(2) } }];
  const lines = (await ask([...args, '-o', 'jsonl'])).stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    expected,
  );
  const yaml = (await ask(args, { env: { POSTERN_OUTPUT: 'yaml' } })).stdout;
  assert.deepEqual(
    parseAllDocuments(yaml).map((document) => document.toJS()),
    expected,
  );
  const full = await ask([...args, '--emit-defaults', '-o', 'jsonl']);
  assert.match(full.stdout, /^\{"payload":\{"type":"COMPRESSABLE","body":"AA=="\}\}\n/);
});

test('the exit status is 64 plus the code, the text and details are on stderr', async () => {
  const { code, stdout, stderr } = await ask([
    'call',
    'hub',
    `${service}/UnaryCall`,
    '-d',
    '{"responseStatus":{"code":5,"message":"nö ☺"}}',
  ]);
  assert.equal(code, 69);
  assert.equal(stdout, '');
  assert.equal(stderr, 'postern: NOT_FOUND (5): nö ☺\n');
  assert.equal((await ask(['call', 'hub', `${service}/UnimplementedCall`])).code, 76);
  const slow = [
    'call',
    'hub',
    `${service}/StreamingOutputCall`,
    '-d',
    '{"responseParameters":[{"size":1,"intervalUs":9000000}]}',
  ];
  const late = await ask([...slow, '--max-time', '1s']);
  assert.equal(late.code, 68);
  assert.match(late.stderr, /^postern: DEADLINE_EXCEEDED \(4\)/);
});

test('-v shows metadata and trailers, and never the token', async () => {
  const { stderr } = await ask(
    [
      'call',
      'hub',
      `${service}/UnaryCall`,
      '-v',
      '-H',
      'x-grpc-test-echo-initial: hi',
      '-H',
      'x-grpc-test-echo-trailing-bin: AAEC',
    ],
    { env: { POSTERN_TOKEN: 'very-secret' } },
  );
  assert.match(stderr, /^> grpc\.testing\.TestService\/UnaryCall\n> x-grpc-test-echo-initial: hi\n/);
  assert.match(stderr, /\n< x-grpc-test-echo-initial: hi\n/);
  assert.match(stderr, /\n< trailers, status 0\n[\s\S]*< x-grpc-test-echo-trailing-bin: AAEC\n/);
  assert.doesNotMatch(stderr, /secret/);
});

test('types from files need no reflection', async () => {
  const proto = ['--proto', 'grpc/testing/test.proto', '--import-path', interopProtoRoot];
  const called = await ask(['call', 'hub', `${service}/UnaryCall`, '-d', '{"response_size":1}', ...proto]);
  assert.equal(called.code, 0, called.stderr);
  const nobody = { env: { POSTERN_HUB: '127.0.0.1:1' } };
  assert.match((await postern(['list', 'any', ...proto], nobody)).stdout, /grpc\.testing\.TestService/);
  const sample = await postern(['call', 'any', `${service}/UnaryCall`, '--template', ...proto], nobody);
  assert.equal(JSON.parse(sample.stdout).payload.type, 'COMPRESSABLE');
  const missing = await postern(['list', 'any', '--protoset', '/no/such'], nobody);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot read --protoset \/no\/such/);
});

test('requests from a file and from standard input, glued or in lines', async () => {
  const file = path.join(folder, 'requests.json');
  await writeFile(file, `{"payload":{"body":"${zeros(3)}"}}{"payload":\n{"body":"${zeros(4)}"}}\n`);
  const args = (from: string) => ['call', 'hub', `${service}/StreamingInputCall`, '-d', from, '-o', 'jsonl'];
  assert.equal((await ask(args(`@${file}`))).stdout, '{"aggregatedPayloadSize":7}\n');
  const input = `{"payload":{"body":"${zeros(1)}"}}\n`.repeat(500);
  assert.equal((await ask(args('@'), { input })).stdout, '{"aggregatedPayloadSize":500}\n');
  assert.equal((await ask(args('@'), { input: '' })).stdout, '{}\n');
  const missing = await ask(args('@/no/such'));
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot read -d @\/no\/such/);
});

test('mistakes in requests are told with line, column and path; the status is 2', async () => {
  const bad = await ask(['call', 'hub', `${service}/UnaryCall`, '-d', '@'], {
    input: '{"responseSize": 1,\n "x": tru}',
  });
  assert.equal(bad.code, 2);
  assert.match(
    bad.stderr,
    /^postern: standard input is not JSON: line 2, column 7: expected a value, found "t"\n/,
  );
  const unknown = await ask(['call', 'hub', `${service}/UnaryCall`, '-d', '{"payload":{"boddy":""}}']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /payload\.boddy: unknown field of grpc\.testing\.Payload; it has body, type/);
});

test('a stream goes both ways as it is typed, and Ctrl-C cancels it', async () => {
  const child = spawn(posternBin, ['call', 'hub', `${service}/FullDuplexCall`, '-d', '@', '-o', 'jsonl'], {
    env: { ...process.env, ...cleanEnv({ POSTERN_HUB: server.address }) },
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const size of [1, 2, 3]) {
      child.stdin.write(`{"responseParameters":[{"size":${size}}]}`);
      assert.deepEqual(JSON.parse((await lines.next()).value ?? ''), { payload: { body: zeros(size) } });
    }
    const cancelled = server.counters.cancelled;
    const ended = once(child, 'close');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    await eventually('the server has heard of it', () => server.counters.cancelled > cancelled);
  } finally {
    child.kill('SIGKILL');
  }
});
