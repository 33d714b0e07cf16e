/**
 * A gRPC server over bare HTTP/2 in a process of its own, that tells on stdout what it sees of each call:
 * `node server.js HOST:PORT SLOW`, then a JSON line `{"id","event"}` per call that is `opened`, `ended` or `cancelled`.
 *
 * `Wait` never answers, unless `x-answer-ms` says when (and SLOW milliseconds later); `Flow` sends numbered messages without end; `Sink` tells how
 * many bytes came; `Echo` gives back what comes, at once.
 */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { flowEveryMs, flowMessage, framed } from './messages.js';

const [listen = '127.0.0.1:0', slow = '0'] = process.argv.slice(2);
const at = listen.lastIndexOf(':');
const ok = { ':status': 200, 'content-type': 'application/grpc' };

function tell(id: string, event: string): void {
  process.stdout.write(`${JSON.stringify({ id, event })}\n`);
}

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const id = String(headers['x-id'] ?? '');
  tell(id, 'opened');
  stream.on('error', () => {});
  stream.on('close', () => tell(id, stream.aborted ? 'cancelled' : 'ended'));
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': '0', 'x-served-by': process.pid });
  });
  switch (headers[':path']) {
    case '/chaos.Test/Echo':
      stream.respond(ok, { waitForTrailers: true });
      stream.pipe(stream);
      break;
    case '/chaos.Test/Flow':
      stream.resume();
      stream.respond(ok, { waitForTrailers: true });
      flow(stream);
      break;
    case '/chaos.Test/Sink':
      sink(stream);
      break;
    default:
      wait(stream, Number(headers['x-answer-ms'] ?? Number.NaN));
  }
}

function wait(stream: ServerHttp2Stream, answerMs: number): void {
  stream.resume();
  if (Number.isNaN(answerMs)) return;
  const timer = setTimeout(() => {
    stream.respond(ok, { waitForTrailers: true });
    stream.end(framed(Buffer.from('answer')));
  }, answerMs + Number(slow));
  stream.on('close', () => clearTimeout(timer));
}

function flow(stream: ServerHttp2Stream): void {
  let next = 0;
  const timer = setInterval(() => {
    if (stream.writableLength < 262_144) stream.write(framed(flowMessage(next++)));
  }, flowEveryMs);
  stream.on('close', () => clearInterval(timer));
}

function sink(stream: ServerHttp2Stream): void {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on('end', () => {
    if (stream.destroyed || stream.aborted) return;
    stream.respond(ok, { waitForTrailers: true });
    stream.end(framed(Buffer.from(String(bytes))));
  });
}

const server = createServer({ settings: { maxConcurrentStreams: 4_096 } });
server.on('stream', serve);
server.on('session', (session) => session.on('error', () => {}));
server.on('sessionError', () => {});
server.listen(Number(listen.slice(at + 1)), listen.slice(0, at), () => {
  const bound = server.address();
  const address = typeof bound === 'object' && bound !== null ? `${bound.address}:${bound.port}` : '';
  process.stdout.write(`${JSON.stringify({ ready: true, listen: address })}\n`);
});
