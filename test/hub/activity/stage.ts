import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { loadOrCreateCallerKey, signCallerToken } from '../../../src/auth/caller-tokens.js';
import type { Identity } from '../../../src/auth/identity.js';
import {
  ActivityClient,
  ActivityConnectRequest,
  type ActivityEvent,
} from '../../../src/gen/internal/activity.js';
import type { HubConfigInput } from '../../../src/hub/hub.js';
import type { TestNats } from '../../support/nats.js';
import { bearer, startTestHub, type TestHub } from '../test-hub.js';

/** A hub with a data directory of its own, or a given one; all know the same caller tokens. */
export async function startHubIn(
  nats: TestNats,
  name: string,
  config: Partial<HubConfigInput> = {},
): Promise<TestHub> {
  const data = join(nats.dir, name);
  await loadOrCreateCallerKey(join(nats.dir, 'keys'));
  await mkdir(join(data, 'keys'), { recursive: true });
  await copyFile(join(nats.dir, 'keys', 'caller.jwk'), join(data, 'keys', 'caller.jwk'));
  return startTestHub(nats, { data, ...config });
}

/** A caller token that no registry knows. */
export async function handMadeToken(nats: TestNats, over: Partial<Identity>): Promise<string> {
  const key = await loadOrCreateCallerKey(join(nats.dir, 'keys'));
  return signCallerToken(key, {
    subject: 'ci',
    tokenId: `by-hand-${Math.random().toString(36).slice(2)}`,
    issuer: 'postern',
    roles: ['call'],
    limits: {},
    expiresAtMs: Date.now() + 3_600_000,
    ...over,
  });
}

/** Somebody who looks on: what came so far, and how it ended. */
export interface Onlooker {
  readonly events: ActivityEvent[];
  /** Resolves when the hub has answered. */
  readonly begun: Promise<void>;
  /** gRPC status; rejects never. */
  readonly ended: Promise<number>;
  pause(): void;
  resume(): void;
  stop(): void;
}

export function lookOn(
  address: string,
  token: string,
  request: Parameters<typeof ActivityConnectRequest.fromPartial>[0] = {},
): Onlooker {
  const client = new ActivityClient(address, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  const stream = client.connect(ActivityConnectRequest.fromPartial(request), bearer(token));
  const events: ActivityEvent[] = [];
  stream.on('data', (event: ActivityEvent) => events.push(event));
  const ended = new Promise<number>((resolve) => {
    stream.on('error', (error) =>
      resolve('code' in error && typeof error.code === 'number' ? error.code : 2),
    );
    stream.on('end', () => resolve(0));
  });
  return {
    events,
    begun: new Promise((resolve) => stream.once('metadata', () => resolve())),
    ended,
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    stop: () => {
      stream.cancel();
      client.close();
    },
  };
}

/** All that is kept of what is asked for. */
export async function keptActivity(
  address: string,
  token: string,
  request: Parameters<typeof ActivityConnectRequest.fromPartial>[0] = {},
): Promise<ActivityEvent[]> {
  const onlooker = lookOn(address, token, { sinceMs: 1, historyOnly: true, ...request });
  const code = await onlooker.ended;
  onlooker.stop();
  if (code !== 0) throw new Error(`the activity could not be read: status ${code}`);
  return onlooker.events;
}
