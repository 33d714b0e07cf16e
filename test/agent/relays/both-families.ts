/** Echoes by a relay of UDP at all addresses, to a client of IPv6 and one of IPv4: says the addresses that got their answer, as JSON. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { UdpRelay } from '../../../src/agent/relays/udp-relay.js';
import { testLog } from '../../support/nats.js';

async function bound(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

const target = await bound('127.0.0.1');
target.on('message', (datagram, { port, address }) => target.send(datagram, port, address));
const relay = await UdpRelay.open(
  {
    ...{ node: '', protocol: 'udp', listen: { host: '', port: 0 } },
    target: { host: '127.0.0.1', port: target.address().port },
  },
  { log: testLog },
);
const answered: string[] = [];
for (const address of ['::1', '127.0.0.1']) {
  const socket = await bound(address);
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
  socket.send(address, relay.listen.port, address);
  const text = await answer.then(([datagram]) => String(datagram)).catch(() => '');
  if (text === address) answered.push(text);
  socket.close();
}
await relay.close();
target.close();
process.stdout.write(JSON.stringify(answered));
