/**
 * A TCP relay that flips one byte of one answer: the first run of zero bytes that it meets on the way back, long
 * enough to be the payload of a message and no header. What it breaks, nothing on the way can notice but the client.
 *
 * As a program: `node flip-relay.js HOST:PORT` prints a JSON line with `ready` and `listen`.
 */
import { createConnection, createServer } from 'node:net';

const zeros = Buffer.alloc(64);

const [host = '127.0.0.1', port = ''] = (process.argv[2] ?? '').split(':');
let flipped = false;

const server = createServer((client) => {
  const upstream = createConnection({ host, port: Number(port) });
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  client.on('error', end).on('close', end);
  upstream.on('error', end).on('close', end);
  client.pipe(upstream);
  upstream.on('data', (chunk: Buffer) => {
    const at = flipped ? -1 : chunk.indexOf(zeros);
    if (at >= 0) {
      flipped = true;
      chunk[at + zeros.length / 2] = 0x01;
    }
    if (!client.write(chunk)) {
      upstream.pause();
      client.once('drain', () => upstream.resume());
    }
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) return;
  process.stdout.write(`${JSON.stringify({ ready: true, listen: `127.0.0.1:${address.port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
