import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentConfig } from '../../src/agent/config.js';
import { parseRelay, parseRelays } from '../../src/agent/relay-spec.js';

const target = { host: '127.0.0.1', port: 4001 };

for (const { text, is } of [
  {
    text: ':4101=127.0.0.1:4001',
    is: { node: '', protocol: 'tcp', listen: { host: '', port: 4101 }, target },
  },
  {
    text: 'south@127.0.0.1:0=127.0.0.1:4001',
    is: { node: 'south', protocol: 'tcp', listen: { host: '127.0.0.1', port: 0 }, target },
  },
  {
    text: 'south@udp:[::1]:4102=127.0.0.1:4001',
    is: { node: 'south', protocol: 'udp', listen: { host: '::1', port: 4102 }, target },
  },
  {
    text: 'tcp::4101=127.0.0.1:4001',
    is: { node: '', protocol: 'tcp', listen: { host: '', port: 4101 }, target },
  },
  // a machine may have that name
  {
    text: 'udp:4101=127.0.0.1:4001',
    is: { node: '', protocol: 'tcp', listen: { host: 'udp', port: 4101 }, target },
  },
] as const) {
  test(`the relay ${text} is read`, () => assert.deepEqual(parseRelay(text), is));
}

for (const { text, says } of [
  { text: '127.0.0.1:4101', says: /'127.0.0.1:4101' is no relay: LISTEN=TARGET is missing/ },
  { text: 'South@:1=h:2', says: /'South' is no name of a node/ },
  { text: '@:1=h:2', says: /'' is no name of a node/ },
  { text: ':1=h:0', says: /port 0 cannot be dialled/ },
  { text: 'unix:/a=h:1', says: /a relay listens at HOST:PORT/ },
  { text: ':1=http://h:1', says: /it is a URL/ },
]) {
  test(`the relay ${text} is refused`, () => assert.throws(() => parseRelay(text), says));
}

test('two relays do not listen at one place, but at any free port, and by two protocols', () => {
  assert.throws(() => parseRelays([':4101=h:1', 'a@:4101=h:2']), /'a@:4101=h:2' is no relay: another relay/);
  for (const texts of [
    [':4101=:4101'],
    ['udp:0.0.0.0:4101=localhost:4101'],
    ['127.0.0.2:4101=127.0.0.2:4101'],
    [':1=127.0.0.1:2', ':2=127.0.0.1:3', ':3=[::1]:1'],
  ]) {
    assert.throws(() => parseRelays(texts), /what it leads on would come back to it/);
  }
  const chain = [':1=127.0.0.1:2', ':2=127.0.0.1:3', 'udp::3=127.0.0.1:1', '127.0.0.2:4=127.0.0.1:4'];
  assert.equal(parseRelays(chain).length, 4);
  assert.equal(parseRelays([':0=h:1', ':0=h:2', 'tcp::5=h:1', 'udp::5=h:1']).length, 4);
});

test('relays go with a daemon, and no agent takes faults of more than an hour', () => {
  const agent = { node: 'attic', to: ['127.0.0.1:1'], data: '/tmp' };
  const told = (more: object) =>
    agentConfig
      .safeParse({ ...agent, ...more })
      .error?.issues.map(({ path, message }) => `${path}: ${message}`);
  assert.match(told({ daemonRelays: [':1=h:2'] })?.[0] ?? '', /^daemonRelays: .*--daemon/);
  assert.equal(told({ daemonRelays: [':1=h:2'], daemon: 'h:1' }), undefined);
  assert.match(told({ daemonRelays: ['x'], daemon: 'h:1' })?.[0] ?? '', /^daemonRelays: 'x' is no relay/);
  assert.deepEqual(told({ longestFaultSeconds: 3_601 }), [
    'longestFaultSeconds: a fault lasts an hour at most',
  ]);
  assert.deepEqual(told({ daemonAddresses: ['cellar'] }), ['daemonAddresses,0: is no IP address']);
});
