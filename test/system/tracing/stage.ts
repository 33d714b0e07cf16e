import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import path from 'node:path';
import { Fleet } from '../../support/fleet.js';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../../support/otlp-collector.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { type RawCall, rawCall } from '../../support/raw-grpc.js';

/** A gRPC server that remembers the headers of each call: `Fail` ends with NOT_FOUND, `Hang` never, others with OK. */
export interface HeardServer {
  readonly address: string;
  readonly heard: readonly IncomingHttpHeaders[];
  stop(): void;
}

export async function startHeardServer(): Promise<HeardServer> {
  const heard: IncomingHttpHeaders[] = [];
  const sessions = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.on('stream', (stream, headers) => {
    heard.push(headers);
    stream.on('error', () => {}).resume();
    const method = headers[':path'];
    if (method === '/raw.Test/Hang') return;
    const status = method === '/raw.Test/Fail' ? '5' : '0';
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    heard,
    stop() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

/** Everything between a client and a server, with a collector beside it. */
export class TracedStage {
  readonly fleet: Fleet;
  readonly collector: OtlpCollector;
  readonly server: HeardServer;
  readonly hub: RunningProcess;
  readonly session: ClientHttp2Session;
  readonly token: string;

  private constructor(
    parts: Pick<TracedStage, 'fleet' | 'collector' | 'server' | 'hub' | 'session' | 'token'>,
  ) {
    this.fleet = parts.fleet;
    this.collector = parts.collector;
    this.server = parts.server;
    this.hub = parts.hub;
    this.session = parts.session;
    this.token = parts.token;
  }

  /** A hub that sends its traces to the collector, and a server that no agent is in front of yet. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<TracedStage> {
    const fleet = await Fleet.make();
    const collector = await startOtlpCollector();
    const server = await startHeardServer();
    const words = ['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'];
    const hub = await fleet.start(words, { env: { ...tracedTo(collector.url), ...env } });
    const token = await fleet.callerToken('ann');
    const session = connect(`http://${await fleet.hubAddress()}`);
    return new TracedStage({ fleet, collector, server, hub, session, token });
  }

  /** An agent in front of the server, with this in its environment. */
  async agent(node: string, env: NodeJS.ProcessEnv): Promise<RunningProcess> {
    const { fleet, server } = this;
    const joinToken = await fleet.joinToken(node);
    const hub = `http://${await fleet.hubAddress()}`;
    const data = path.join(fleet.dir, node);
    const words = ['agent', '--node', node, '--to', server.address, '--data', data];
    return fleet.start([...words, '--metrics', '127.0.0.1:0'], {
      env: { ...env, POSTERN_HUB: hub, POSTERN_TOKEN: joinToken },
    });
  }

  call(node: string, method: string, metadata: Record<string, string> = {}): RawCall {
    const own = { 'x-postern-node': node, 'x-postern-authorization': this.token, ...metadata };
    return rawCall(this.session, method, own, Buffer.alloc(5));
  }

  /** Calls and waits for the end; resolves to what the server heard, undefined where it heard nothing. */
  async called(node: string, method: string, metadata: Record<string, string> = {}) {
    const before = this.server.heard.length;
    const call = this.call(node, method, metadata);
    await call.over;
    return { status: call.status, heard: this.server.heard[before] };
  }

  /** Waits until the collector has so many spans that fit. */
  spans(count: number, fit: (span: CollectedSpan) => boolean): Promise<CollectedSpan[]> {
    return eventually(`${count} spans`, async () => {
      const found = this.collector.spans.filter(fit);
      return found.length >= count ? found : undefined;
    });
  }

  async stop(): Promise<void> {
    this.session.destroy();
    await this.fleet.stop();
    this.server.stop();
    await this.collector.stop();
  }
}

/** The environment of a process that sends its traces there soon. */
export function tracedTo(url: string): NodeJS.ProcessEnv {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '100' };
}
