import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Field } from './fields.js';

/** What an unmodified gRPC library made of a call. */
export interface GrpcSaw {
  readonly code: number;
  readonly details: string;
  /** Metadata of the head, and of the trailers. */
  readonly initial: Record<string, unknown>;
  readonly trailing: Record<string, unknown>;
  readonly messages: readonly Buffer[];
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Makes one call by grpc-js, of any kind: sends `messages`, half-closes, and waits for the status. Never rejects. */
export async function grpcCall(
  address: string,
  path: string,
  metadata: readonly Field[],
  messages: readonly Buffer[] = [Buffer.from('question')],
): Promise<GrpcSaw> {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
  });
  const sent = new Metadata();
  for (const [name, value] of metadata) {
    sent.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  try {
    const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs, sent, {
      deadline: Date.now() + 10_000,
    });
    let initial: Record<string, unknown> = {};
    const received: Buffer[] = [];
    call.on('error', () => {});
    call.on('metadata', (head: Metadata) => {
      initial = visible(head);
    });
    call.on('data', (bytes: Buffer) => received.push(bytes));
    const ended = new Promise<StatusObject>((resolve) => call.once('status', resolve));
    for (const bytes of messages) call.write(bytes);
    call.end();
    const { code, details, metadata: trailers } = await ended;
    return { code, details, initial, trailing: visible(trailers), messages: received };
  } finally {
    client.close();
  }
}

function visible(metadata: Metadata): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(metadata.getMap())
      .filter((name) => name !== 'date')
      .sort()
      .map((name) => [name, metadata.get(name)]),
  );
}
