import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { z } from 'zod';

const value = z.object({ stringValue: z.string().optional(), intValue: z.coerce.number().optional() });
const attributes = z.array(z.object({ key: z.string(), value }));
const span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  traceState: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes,
  status: z.object({ code: z.number(), message: z.string().optional() }),
});
/** `ExportTraceServiceRequest` in OTLP's JSON (opentelemetry-proto, §JSON Protobuf Encoding), as far as tests look. */
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

type Facts = Readonly<Record<string, string | number | undefined>>;

/** A span as a collector got it. */
export interface CollectedSpan {
  readonly service: string;
  /** What is said of the process. */
  readonly resource: Facts;
  readonly traceId: string;
  readonly spanId: string;
  /** '' for the first of a trace. */
  readonly parent: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'other';
  readonly startMs: number;
  readonly endMs: number;
  /** Ended as an error. */
  readonly error: boolean;
  readonly errorText: string;
  readonly facts: Facts;
}

/** What a collector does with what comes: takes it, answers 500, or never answers. */
export type Mood = 'takes' | 'fails' | 'hangs';

/** A collector of OTLP over HTTP in this process. */
export interface OtlpCollector {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Headers of all requests, the last value of each. */
  readonly headers: Facts;
  /** Requests that came, whatever became of them. */
  readonly requests: number;
  mood: Mood;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const headers: Record<string, string | undefined> = {};
  const sockets = new Set<Socket>();
  let requests = 0;
  const answer = (path: string, body: string, response: ServerResponse): void => {
    if (collector.mood === 'hangs') return;
    if (collector.mood === 'fails' || path !== '/v1/traces') {
      response.writeHead(collector.mood === 'fails' ? 500 : 404).end('no');
      return;
    }
    spans.push(...read(JSON.parse(body)));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer((request, response) => {
    requests++;
    for (const [name, one] of Object.entries(request.headers)) headers[name] = String(one);
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => answer(request.url ?? '', body, response));
  });
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const collector: OtlpCollector = {
    url: `http://127.0.0.1:${port}`,
    spans,
    headers,
    get requests() {
      return requests;
    },
    mood: 'takes',
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return collector;
}

function read(body: unknown): CollectedSpan[] {
  return exported.parse(body).resourceSpans.flatMap((one) => {
    const resource = factsOf(one.resource.attributes);
    return one.scopeSpans.flatMap((scope) =>
      scope.spans.map((each) => ({
        service: String(resource['service.name']),
        resource,
        traceId: each.traceId,
        spanId: each.spanId,
        parent: each.parentSpanId ?? '',
        traceState: each.traceState ?? '',
        name: each.name,
        kind: kinds[each.kind] ?? 'other',
        startMs: Number(BigInt(each.startTimeUnixNano) / 1_000n) / 1_000,
        endMs: Number(BigInt(each.endTimeUnixNano) / 1_000n) / 1_000,
        error: each.status.code === 2,
        errorText: each.status.message ?? '',
        facts: factsOf(each.attributes),
      })),
    );
  });
}

/** `SpanKind` of OTLP. */
const kinds: Readonly<Record<number, CollectedSpan['kind']>> = { 2: 'server', 3: 'client' };

function factsOf(all: z.infer<typeof attributes>): Facts {
  return Object.fromEntries(all.map(({ key, value: of }) => [key, of.stringValue ?? of.intValue]));
}
