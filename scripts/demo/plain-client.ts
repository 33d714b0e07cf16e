import path from 'node:path';
import { type Client, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { checkoutRoot } from '../testing/files.js';

/** A client of the TestService as any gRPC user would write it: grpc-js, a proto file, and two metadata entries. */
export async function plainClient(address: string): Promise<Client> {
  const definition = await load('grpc/testing/test.proto', {
    includeDirs: [path.join(checkoutRoot, 'test/proto')],
  });
  const loaded = loadPackageDefinition(definition);
  const service = find(loaded, ['grpc', 'testing', 'TestService']);
  if (typeof service !== 'function') throw new Error('test.proto declares no grpc.testing.TestService');
  return Reflect.construct(service, [address, credentials.createInsecure(), { 'grpc.enable_retries': 0 }]);
}

/** `name: NODE` says where the call goes, `authorization` who calls. */
export function callerMetadata(node: string, token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('name', node);
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

function find(tree: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (level, name) =>
      (typeof level === 'object' || typeof level === 'function') && level !== null
        ? Reflect.get(level, name)
        : undefined,
    tree,
  );
}

/** Streams answers of the given sizes from the TestService; resolves to their payloads. */
export async function streamPayloads(
  client: Client,
  metadata: Metadata,
  sizes: readonly number[],
): Promise<Buffer[]> {
  const open: unknown = Reflect.get(client, 'StreamingOutputCall');
  if (typeof open !== 'function') throw new Error('the TestService has no StreamingOutputCall');
  const request = { responseParameters: sizes.map((size) => ({ size })) };
  const call: AsyncIterable<unknown> = Reflect.apply(open, client, [
    request,
    metadata,
    { deadline: Date.now() + 15_000 },
  ]);
  const payloads: Buffer[] = [];
  for await (const answer of call) {
    const body = find(answer, ['payload', 'body']);
    payloads.push(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
  }
  return payloads;
}
