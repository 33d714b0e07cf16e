import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentConfig } from '../../src/agent/config.js';
import { parseUpstream, parseUpstreams } from '../../src/agent/upstream-spec.js';
import { PosternError } from '../../src/errors.js';

test('addresses with and without a prefix, over TCP, TLS and unix sockets', () => {
  assert.deepEqual(parseUpstream('127.0.0.1:50051'), {
    prefix: '',
    address: { host: '127.0.0.1', port: 50051 },
    tls: false,
  });
  assert.deepEqual(parseUpstream('etcdserverpb.=[::1]:2379'), {
    prefix: 'etcdserverpb.',
    address: { host: '::1', port: 2379 },
    tls: false,
  });
  assert.deepEqual(parseUpstream('tls://localhost:443'), {
    prefix: '',
    address: { host: 'localhost', port: 443 },
    tls: true,
  });
  assert.deepEqual(parseUpstream('/a.B/C=unix:/run/a=b.sock'), {
    prefix: 'a.B/C',
    address: { path: '/run/a=b.sock' },
    tls: false,
  });
  assert.deepEqual(parseUpstream('unix:/run/a=b.sock').address, { path: '/run/a=b.sock' });
});

test('what is wrong is quoted, with exit status 2', () => {
  for (const bad of [
    '',
    'nonsense',
    '=127.0.0.1:1',
    'a b=127.0.0.1:1',
    '*=127.0.0.1:1',
    '127.0.0.1:0',
    'http://a:1',
  ]) {
    assert.throws(
      () => parseUpstream(bad),
      (thrown) =>
        thrown instanceof PosternError && thrown.exitCode === 2 && thrown.message.includes(`'${bad}'`),
      bad,
    );
  }
});

test('two upstreams cannot have one prefix', () => {
  assert.throws(() => parseUpstreams(['127.0.0.1:1', '127.0.0.1:2']), /two upstreams take all services/);
  assert.throws(
    () => parseUpstreams(['a.=127.0.0.1:1', '/a.=127.0.0.1:2']),
    /two upstreams have the prefix 'a.'/,
  );
});

test('a configuration tells every mistake, each with its path', () => {
  const checked = agentConfig.safeParse({
    node: 'Attic.1',
    to: ['127.0.0.1:1', 'nonsense'],
    toTls: { cert: 'a.pem' },
    hub: 'ftp://hub',
    nats: ['http://nats'],
    data: '/tmp',
    typo: true,
  });
  const told = checked.error?.issues.map(
    ({ path, code }) => `${path.join('.')}${code === 'unrecognized_keys' ? '?' : ''}`,
  );
  assert.deepEqual(told?.sort(), ['?', 'hub', 'nats.0', 'node', 'to', 'toTls']);
});

test('what is left out has its default', () => {
  const config = agentConfig.parse({ node: 'attic', to: ['127.0.0.1:1'], data: '/tmp' });
  assert.deepEqual(config, {
    node: 'attic',
    to: ['127.0.0.1:1'],
    forward: [],
    logs: [],
    infraDaemons: [],
    infraTokenServers: [],
    daemonRelays: [],
    daemonAddresses: [],
    longestFaultSeconds: 3_600,
    labels: {},
    share: false,
    hub: 'http://127.0.0.1:8080',
    nats: [],
    metricsListen: '',
    data: '/tmp',
    connectTimeoutSeconds: 10,
    drainSeconds: 30,
  });
});
