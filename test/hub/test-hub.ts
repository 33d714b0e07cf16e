import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { credentials, Metadata } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { enrolStatement } from '../../src/auth/enrol-challenge.js';
import type { Bus } from '../../src/bus/bus.js';
import { sign, type UserKey } from '../../src/bus/nkeys.js';
import { revokeOnServers } from '../../src/bus/revocation.js';
import { inspectorBesideHub } from '../../src/cli/inspector-beside-hub.js';
import { InspectorClient } from '../../src/gen/postern/v1/inspector.js';
import { NodesServiceClient } from '../../src/gen/postern/v1/nodes.js';
import { TokensServiceClient } from '../../src/gen/postern/v1/tokens.js';
import { type HubConfigInput, type RunningHub, startHub } from '../../src/hub/hub.js';
import type { Logger } from '../../src/log.js';
import { type TestNats, testLog } from '../support/nats.js';

/** What `http` was answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** A hub on a real NATS server, with its admin token. */
export interface TestHub {
  readonly hub: RunningHub;
  readonly bus: Bus;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly metricsAddress: string;
  readonly adminToken: string;
  stop(): Promise<void>;
}

export async function startTestHub(
  nats: TestNats,
  config: Partial<HubConfigInput> = {},
  log: Logger = testLog,
): Promise<TestHub> {
  const [bus, tunnelBus] = await Promise.all([nats.hub({ log }), nats.tunnel()]);
  const inspector = inspectorBesideHub({ bus, hub: () => hub, log });
  const hub = startHub(
    {
      listen: ['127.0.0.1:0'],
      metricsListen: '127.0.0.1:0',
      data: nats.dir,
      natsAdvertise: [nats.server.url],
      drainSeconds: 1,
      ...config,
    },
    {
      bus,
      tunnelBus,
      authority: nats.authority,
      revokeOnBus: (revoked) =>
        revokeOnServers({ authority: nats.authority, servers: [nats.server.url], revoked }),
      log,
      metrics: new Registry(),
      services: inspector.services,
      sockets: inspector.sockets,
    },
  );
  const { listen, metrics } = await hub.ready.catch(async (thrown: unknown) => {
    await Promise.all([bus.close(), tunnelBus.close()]);
    throw thrown;
  });
  const adminToken = (await readFile(join(config.data ?? nats.dir, 'tokens', 'admin.jwt'), 'utf8')).trim();
  return {
    hub,
    bus,
    address: listen[0] ?? assert.fail(),
    metricsAddress: metrics ?? '',
    adminToken,
    stop: async () => {
      inspector.stop();
      await hub.stop();
      await Promise.all([bus.close(), tunnelBus.close()]);
    },
  };
}

/** Speaks HTTP/1.1 to a listener. */
export function http(address: string, method: string, path: string, body?: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`http://${address}${path}`, { method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** How a call without any message ended. */
export interface BareOutcome {
  readonly status: number;
  readonly message: string;
  /** The `x-postern-error` marker. */
  readonly code: string | undefined;
}

/** A gRPC call with one empty message over raw HTTP/2, so that headers can be anything. */
export function bareCall(
  address: string,
  headers: Record<string, string | string[]>,
  path = '/grpc.testing.TestService/EmptyCall',
): Promise<BareOutcome> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const seen: Record<string, string> = {};
    const take = (more: object) => {
      for (const [name, value] of Object.entries(more)) seen[name] = String(value);
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve({
        status: Number(seen['grpc-status'] ?? Number.NaN),
        message: decodeURIComponent(seen['grpc-message'] ?? ''),
        code: seen['x-postern-error'],
      });
    });
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}

/** The hub's own services, called with a token. */
export function ownClients(address: string) {
  const options = { 'grpc.enable_http_proxy': 0, 'grpc.use_local_subchannel_pool': 1 };
  const insecure = credentials.createInsecure();
  const nodes = new NodesServiceClient(address, insecure, options);
  const tokens = new TokensServiceClient(address, insecure, options);
  const inspect = new InspectorClient(address, insecure, options);
  return {
    nodes,
    tokens,
    inspect,
    close: () => {
      for (const client of [nodes, tokens, inspect]) client.close();
    },
  };
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** A callback-style unary call as a promise. */
export function ask<R>(run: (callback: (error: Error | null, response: R) => void) => unknown): Promise<R> {
  return new Promise((resolve, reject) => {
    run((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

const challenge = z.object({ nonce: z.string() });
const enrolled = z.object({ jwt: z.string(), nats: z.array(z.string()), expiresAtMs: z.number() });

/** The two steps of enrolment; what the second was answered. */
export async function enrol(
  address: string,
  node: string,
  key: UserKey,
  token?: string,
  forge: { nonce?: string; signature?: string } = {},
): Promise<HttpAnswer> {
  const first = await http(
    address,
    'POST',
    '/v1/enrol/challenge',
    JSON.stringify({ node, key: key.publicKey }),
  );
  if (first.status !== 200) return first;
  const nonce = forge.nonce ?? challenge.parse(JSON.parse(first.body)).nonce;
  const signature =
    forge.signature ?? Buffer.from(sign(key.seed, enrolStatement(node, nonce))).toString('base64url');
  const body = { node, key: key.publicKey, nonce, signature, ...(token === undefined ? {} : { token }) };
  return http(address, 'POST', '/v1/enrol', JSON.stringify(body));
}

/** The credentials in the answer to an enrolment that has to succeed. */
export function credentialsIn(answer: HttpAnswer): z.infer<typeof enrolled> {
  assert.equal(answer.status, 200, answer.body);
  return enrolled.parse(JSON.parse(answer.body));
}

/** A join token, made through the hub's own API. */
export async function joinToken(hub: TestHub, node: string, ttlSeconds = 0): Promise<string> {
  const clients = ownClients(hub.address);
  try {
    const made = await ask<{ token: string }>((callback) =>
      clients.tokens.createJoinToken(
        { node, ttlSeconds, uses: 0, labels: {} },
        bearer(hub.adminToken),
        callback,
      ),
    );
    return made.token;
  } finally {
    clients.close();
  }
}
