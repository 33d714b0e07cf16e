import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Actor,
  type Definition,
  GetActorRequest,
  GetActorResponse,
  ListActorsResponse,
  type Transition,
  WatchRequest,
  WatchResponse,
} from '../../src/gen/postern/v1/inspector.js';
import { inspectorPage } from '../../src/inspector/page-files.js';

/** An inspector of actors that a test has made up, with the page in front of it. */
export interface MadeInspector {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Tells all who watch. */
  tell(news: Partial<WatchResponse>): void;
  /** What was asked by those who watch, in order. */
  readonly watches: readonly WatchRequest[];
  /** Breaks all streams. */
  breakStreams(): void;
  stop(): Promise<void>;
}

/** What there is at a moment. */
export interface MadeWorld {
  readonly actors: readonly Actor[];
  readonly transitions: readonly Transition[];
  /** By hash. */
  readonly definitions: ReadonlyMap<string, Definition>;
}

const service = '/postern.v1.Inspector/';

/** Serves the page as a hub does, and speaks gRPC-web about what the test has made up. */
export async function serveMadeInspector(worldNow: () => MadeWorld): Promise<MadeInspector> {
  const page = inspectorPage();
  const watching = new Set<ServerResponse>();
  const watches: WatchRequest[] = [];
  let place = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://page').pathname;
    if (request.method === 'GET') return sendFile(response, page.file(path));
    const body = await messageOf(request);
    response.writeHead(200, { 'content-type': 'application/grpc-web+proto' });
    if (path === `${service}Watch`) {
      const asked = WatchRequest.decode(body);
      watches.push(asked);
      watching.add(response);
      response.on('close', () => watching.delete(response));
      const { actors, transitions } = asked.resume === '' ? worldNow() : { actors: [], transitions: [] };
      const first = { actors: [...actors], transitions: [...transitions], live: true, lost: false };
      response.write(frame(WatchResponse.encode({ ...first, place: `${place}` }).finish()));
      return;
    }
    response.end(
      Buffer.concat([frame(unary(worldNow(), path, body)), frame(Buffer.from('grpc-status: 0\r\n'), 0x80)]),
    );
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen on a port');
  return {
    address: `127.0.0.1:${address.port}`,
    watches,
    tell(news) {
      place += 1;
      const told = WatchResponse.fromPartial({ live: true, ...news, place: `${place}` });
      for (const response of watching) response.write(frame(WatchResponse.encode(told).finish()));
    },
    breakStreams() {
      for (const response of watching) response.destroy();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An empty message is one of any type. */
function unary(world: MadeWorld, path: string, body: Uint8Array): Uint8Array {
  switch (path) {
    case `${service}ListActors`:
      return ListActorsResponse.encode({ actors: [...world.actors], more: false }).finish();
    case `${service}GetActor`: {
      const { machine, id } = GetActorRequest.decode(body);
      const actor = world.actors.find((one) => one.machine === machine && one.id === id);
      const definition = world.definitions.get(actor?.definition ?? '');
      return GetActorResponse.encode({ actor, definition, transitions: [] }).finish();
    }
    default:
      return new Uint8Array();
  }
}

function sendFile(
  response: ServerResponse,
  file: ReturnType<ReturnType<typeof inspectorPage>['file']>,
): void {
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const fields = file.fields
    .map((_, at) => file.fields.slice(at * 2, at * 2 + 2))
    .filter(({ length }) => length === 2);
  for (const [name = '', value = ''] of fields) response.setHeader(name, value);
  response.setHeader('content-type', file.type);
  response.end(file.body);
}

/** The one message of a request, without the five bytes before it. */
async function messageOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks).subarray(5);
}

function frame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
