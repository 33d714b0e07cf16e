import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { openRawCall } from '../../src/client/raw-call.js';
import { bodiesOf, encodeQuestion, type ReflectionQuestion } from '../../src/client/reflection-messages.js';
import { encodeGrpcMessage } from '../../src/rpc/status.js';
import type { Corpus } from './target.js';

const options = { 'grpc.enable_http_proxy': 0, 'grpc.use_local_subchannel_pool': 1 };
/** Separates names and values in an entry of headers; no header holds it. */
export const headerSeparator = '\x1f';
/** Deadlines that are far apart, in milliseconds, so that every unit of `grpc-timeout` is met. */
const deadlines = [7, 90, 1_500, 70_000, 5_400_000, 400_000_000, 40_000_000_000];

/** What an unmodified client writes into its headers: with metadata of all kinds, and deadlines short and long. */
export async function recordHeaders(
  token: string,
): Promise<Pick<Corpus, 'headers' | 'timeouts' | 'grpcMessages'>> {
  const headers: Buffer[] = [];
  const timeouts: Buffer[] = [Buffer.from('1H'), Buffer.from('20M'), Buffer.from('99999999n')];
  const server = createServer();
  server.on(
    'stream',
    (stream: ServerHttp2Stream, seen: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
      headers.push(Buffer.from(raw.join(headerSeparator), 'latin1'));
      if (typeof seen['grpc-timeout'] === 'string') timeouts.push(Buffer.from(seen['grpc-timeout']));
      stream.on('error', () => {});
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
        { endStream: true },
      );
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  for (const inMs of deadlines) {
    const metadata = new Metadata();
    metadata.add('authorization', `Bearer ${token}`);
    metadata.add('name', 'cellar');
    metadata.add('x-many', 'one');
    metadata.add('x-many', 'two, three');
    metadata.add('trace-bin', Buffer.from([0, 255, inMs & 255]));
    const call = openRawCall(client, '/grpc.testing.TestService/EmptyCall', metadata, Date.now() + inMs);
    call.on('error', () => {});
    call.end();
    // A busy machine may let a short deadline pass; its headers were sent all the same.
    await new Promise((resolve) => call.resume().once('status', resolve));
  }
  client.close();
  server.close();
  const texts = [
    'ok',
    'caf\u00e9 \u2615',
    '\t\ntest with whitespace\r\nand \u{1f608}\t\n',
    '100 % sure',
    '%',
    '\u0000',
  ];
  const grpcMessages = [...texts.map(encodeGrpcMessage), '%41%zz%e2%98', '%%%'].map((text) =>
    Buffer.from(text, 'latin1'),
  );
  return { headers, timeouts, grpcMessages };
}

/** What a real server's reflection answers, and the descriptors in it. */
export async function recordReflection(address: string): Promise<Pick<Corpus, 'reflection' | 'descriptors'>> {
  const client = new Client(address, credentials.createInsecure(), options);
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call = openRawCall(client, path, new Metadata(), Date.now() + 10_000);
  call.on('error', () => {});
  const reflection: Buffer[] = [];
  const questions: ReflectionQuestion[] = [
    { kind: 'services' },
    { kind: 'symbol', name: 'grpc.testing.TestService' },
    { kind: 'symbol', name: 'grpc.health.v1.Health' },
    { kind: 'symbol', name: 'nobody.knows.This' },
    { kind: 'file', name: 'grpc/testing/messages.proto' },
  ];
  for (const question of questions) {
    call.write(encodeQuestion(question));
    const [answer] = await once(call, 'data');
    if (Buffer.isBuffer(answer)) reflection.push(answer);
  }
  call.cancel();
  client.close();
  const descriptors = reflection.flatMap((answer) =>
    bodiesOf(answer, 4).flatMap((files) => bodiesOf(files, 1).map((file) => Buffer.from(file))),
  );
  return { reflection, descriptors };
}
