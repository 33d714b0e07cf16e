import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** A real gRPC server whose methods take and give bytes as they are. */
export interface ByteServer {
  readonly address: string;
  stop(): void;
}

/** A stream of bytes each way, as a handler sees it. */
export type ByteCall = ServerDuplexStream<Buffer, Uint8Array>;

/** Starts a server with the methods of these paths; each is a stream each way, which serves every kind of call. */
export async function startByteServer(
  methods: Readonly<Record<string, (call: ByteCall) => void>>,
): Promise<ByteServer> {
  const server = new Server();
  const asIs = (bytes: Buffer): Buffer => bytes;
  const implementation: UntypedServiceImplementation = {};
  const entries = Object.entries(methods).map(([path, handler]) => {
    implementation[path] = handler;
    const definition = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
      responseDeserialize: asIs,
    };
    return [path, definition] as const;
  });
  server.addService(Object.fromEntries(entries), implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
