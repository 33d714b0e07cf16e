/** The server under test where no Go is there: the same three methods as in `echo.go`, on node:http2. */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { messageBytes, messageHeaderBytes, methods } from './service.js';

const windowBytes = 1 << 20;

const server = createServer({ settings: { initialWindowSize: windowBytes } });
server.on('session', (session) => session.setLocalWindowSize(windowBytes));
server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  stream.on('error', () => {});
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  if (headers[':path'] === methods.echo) echo(stream);
  else if (headers[':path'] === methods.pull) stream.once('data', (body: Buffer) => pull(stream, body));
  else push(stream);
});
server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  const port = typeof bound === 'object' ? bound?.port : undefined;
  process.stdout.write(`${JSON.stringify({ ready: true, listen: `127.0.0.1:${port}` })}\n`);
});

function echo(stream: ServerHttp2Stream): void {
  stream.on('data', (chunk: Buffer) => stream.write(chunk));
  stream.on('end', () => stream.end());
}

function pull(stream: ServerHttp2Stream, body: Buffer): void {
  let left = body.readUInt32BE(messageHeaderBytes);
  const message = Buffer.alloc(messageHeaderBytes + messageBytes);
  message.writeUInt32BE(messageBytes, 1);
  const more = (): void => {
    while (left > 0) {
      left--;
      if (!stream.write(message)) return;
    }
    stream.end();
  };
  stream.on('drain', more);
  more();
}

function push(stream: ServerHttp2Stream): void {
  let total = 0;
  stream.on('data', (chunk: Buffer) => {
    total += chunk.length;
  });
  stream.on('end', () => {
    const answer = Buffer.alloc(messageHeaderBytes + 8);
    answer.writeUInt32BE(8, 1);
    answer.writeBigUInt64BE(BigInt(total), messageHeaderBytes);
    stream.end(answer);
  });
}
