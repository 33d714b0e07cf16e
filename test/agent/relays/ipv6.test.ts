import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Asked } from '../../../src/agent/faults/injection.js';
import { openRelays } from '../../../src/agent/relays/relays.js';
import { type FaultKind, type FaultShape, plainShape } from '../../../src/fault-kinds.js';
import { testLog } from '../../support/nats.js';
import { compiledRoot, run } from '../../support/processes.js';
import { soon } from './relay-stage.js';

const asked = (kind: FaultKind, shape: Partial<FaultShape>): Asked => ({
  ...{ kind, name: 'r.f', endsAtMs: Date.now() + 30_000 },
  shape: { ...plainShape(kind), scope: 'daemon', seed: 's', ...shape },
});
/** Who comes from ::1, as somebody may write it. */
const neighbour = { from: [{ node: 'far', addresses: ['0:0:0:0:0:0:0:1'] }] };

/** Echoes of TCP and UDP at ::1, and relays to them that listen there (`at`), where others come. */
async function relayed(t: TestContext, at: string) {
  const tcp = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  tcp.listen(0, '::1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp6', (datagram, from) => udp.send(datagram, from.port, from.address));
  udp.bind(port, '::1');
  await once(udp, 'listening');
  const spec = { node: '', listen: { host: at, port: 0 }, target: { host: '::1', port } };
  const relays = await openRelays(
    [
      { ...spec, protocol: 'tcp' },
      { ...spec, protocol: 'udp' },
    ],
    testLog,
  );
  t.after(async () => {
    await relays.close();
    tcp.close();
    udp.close();
  });
  const [stream, datagrams] = relays.all;
  assert.ok(stream !== undefined && datagrams !== undefined);
  return { faults: relays.faults, stream, datagrams };
}

/** A client of UDP, and what came to it. */
async function talker(t: TestContext, address: string, port: number) {
  const heard: string[] = [];
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4', (text) => heard.push(String(text)));
  socket.bind(0, address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { heard, say: (text: string) => socket.send(text, port, address) };
}

async function dialled(t: TestContext, host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('what comes over IPv6 from a node that is named is cut, held and reset by relays, and goes on afterwards', async (t) => {
  const { faults, stream, datagrams } = await relayed(t, '');
  const socket = await dialled(t, '::1', stream.listen.port);
  const { heard, say } = await talker(t, '::1', datagrams.listen.port);
  const echoed = async (text: string) => {
    const came = once(socket, 'data');
    socket.write(text);
    say(text);
    await soon('both are echoed', () => heard.includes(text));
    assert.equal(String((await came)[0]), text);
  };
  await echoed('before');
  const cut = await faults.inject(asked('partition', neighbour));
  const held = once(socket, 'data');
  socket.write('held');
  say('dropped');
  await soon('both are felt', () => datagrams.counts().in.dropped === 1 && stream.counts().in.held > 0);
  await cut.heal();
  assert.equal(String((await held)[0]), 'held');
  await echoed('after');
  assert.ok(!heard.includes('dropped'));
  const broken = new Promise((resolve) => socket.once('error', resolve));
  const reset = await faults.inject(asked('reset', neighbour));
  assert.match(String(await broken), /ECONNRESET/);
  await reset.heal();
});

test('a relay at all addresses leads on what comes by IPv4 and by IPv6, and tells both apart', async (t) => {
  const { faults, datagrams } = await relayed(t, '');
  const [six, four] = await Promise.all(
    ['::1', '127.0.0.1'].map((address) => talker(t, address, datagrams.listen.port)),
  );
  assert.ok(six !== undefined && four !== undefined);
  const say = (text: string) => {
    six.say(text);
    four.say(text);
  };
  say('first');
  await soon('both are echoed', () => six.heard.length + four.heard.length === 2);
  const cut = await faults.inject(asked('partition', { from: [{ node: 'far', addresses: ['127.0.0.1'] }] }));
  say('second');
  await soon('one is echoed', () => six.heard.includes('second') && datagrams.counts().in.dropped === 1);
  await cut.heal();
  assert.deepEqual(four.heard, ['first']);
});

test('and so it does where sockets of IPv6 take nothing of IPv4 by themselves', {
  skip: process.platform === 'linux' ? false : 'sysctl net.ipv6.bindv6only is of Linux',
}, async () => {
  const script = join(compiledRoot, 'test/agent/relays/both-families.js');
  const inside = 'ip link set lo up && echo 1 > /proc/sys/net/ipv6/bindv6only && exec "$1" "$2"';
  const asRoot = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const args = [...asRoot, 'sh', '-c', inside, 'sh', process.execPath, script];
  const { code, stdout, stderr } = await run('unshare', args);
  assert.equal(code, 0, `a network namespace is needed, as unshare(1) makes it: ${stderr}`);
  assert.deepEqual(JSON.parse(stdout), ['::1', '127.0.0.1']);
});
