/**
 * Breaks connections off, with TLS and without, amid what they say, while they end by themselves, and after that. Writes
 * a line for each that is closed. One that is not would keep this process for ever.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { makeSelfSigned } from '../../scripts/certs/issue.js';
import { breakOff } from '../../src/wire/break-off.js';

const moments: Readonly<Record<string, (socket: Socket) => Promise<unknown> | undefined>> = {
  open: () => undefined,
  writing: (socket) => void socket.write(Buffer.alloc(20_000_000)),
  'about to end': (socket) => void socket.end(),
  'a tick later': async (socket) => void socket.end(),
  'about to end after bytes': (socket) => void socket.end('bytes'),
  'amid bytes before its end': (socket) => void socket.end(Buffer.alloc(20_000_000)),
  ended: (socket) => once(socket.end(), 'finish'),
};

async function tryAll(kind: string, server: Server, dial: (port: number) => Socket): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const [name, bring] of Object.entries(moments)) {
    const accepted = once(server, kind === 'TLS' ? 'secureConnection' : 'connection');
    const far = dial(port);
    far.on('error', () => {});
    const [near]: Socket[] = await accepted;
    if (near === undefined) throw new Error('no connection');
    near.on('error', () => {});
    await bring(near);
    const closed = once(near, 'close');
    breakOff(near);
    await closed;
    process.stdout.write(`${kind}: ${name}\n`);
    far.destroy();
  }
  server.close();
}

const { cert, key } = await makeSelfSigned(['localhost'], 1);
await tryAll('TCP', createServer({ allowHalfOpen: true }), (port) => connect(port, '127.0.0.1'));
await tryAll('TLS', createTlsServer({ cert, key, allowHalfOpen: true }), (port) =>
  connectTls({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' }),
);
