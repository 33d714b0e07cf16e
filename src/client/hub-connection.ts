import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  connectivityState,
  credentials,
  Metadata,
} from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import type { HubTarget, HubTls } from './hub-target.js';

/**
 * Options of every channel: no limit on what comes back, no proxy from the environment in between, and a hub that stands
 * still is found out after half a minute while calls are open.
 */
export const channelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
} satisfies ClientOptions;

/** A connection to a hub (or, for tests and for looking around, straight to any gRPC server). */
export interface HubConnection {
  readonly target: HubTarget;
  readonly client: Client;
  /** Metadata that brings a call to a node, with the token; without `node` the hub itself answers. */
  metadata(node?: string): Metadata;
  close(): void;
}

/** A timer that is set for longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Connects. Throws `HUB_UNREACHABLE` after `timeoutMs`. */
export async function connectHub(target: HubTarget, timeoutMs: number): Promise<HubConnection> {
  const client = new Client(target.address, credentialsFor(target.tls), optionsFor(target));
  const why = await connected(client, Date.now() + Math.min(timeoutMs, longestTimerMs));
  if (why !== undefined) {
    client.close();
    throw new PosternError(
      'HUB_UNREACHABLE',
      `no hub answers at ${target.address} (${target.from}): ${why}`,
      {
        hint:
          target.tls === undefined
            ? 'start one with `postern up`, or say where it is with --hub HOST:PORT'
            : 'look whether it speaks TLS, and whom to trust: --hub-ca FILE',
      },
    );
  }
  return {
    target,
    client,
    metadata(node) {
      const metadata = new Metadata();
      if (target.token !== undefined) metadata.set('x-postern-authorization', `Bearer ${target.token}`);
      if (node !== undefined) metadata.set('x-postern-node', node);
      return metadata;
    },
    close: () => client.close(),
  };
}

/** How a channel to the hub is secured. */
function credentialsFor(tls: HubTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const roots = tls.ca === undefined ? null : Buffer.from(tls.ca);
  const key = tls.own === undefined ? null : Buffer.from(tls.own.key);
  const cert = tls.own === undefined ? null : Buffer.from(tls.own.cert);
  return credentials.createSsl(roots, key, cert, { rejectUnauthorized: tls.rejectUnauthorized });
}

/** What a channel needs where another host is called than the address says, or the hub's certificate has another name. */
function optionsFor({ host, tls }: HubTarget): ClientOptions {
  const authority = host ?? tls?.serverName;
  const shown = tls && (tls.serverName ?? host);
  return {
    ...channelOptions,
    ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
    ...(shown === undefined ? {} : { 'grpc.ssl_target_name_override': shown }),
  };
}

/** Connects; resolves to why it cannot, undefined when it has. A refusal is told at once, without trying again. */
function connected(client: Client, deadlineMs: number): Promise<string | undefined> {
  const channel = client.getChannel();
  return new Promise((resolve) => {
    const look = (): void => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve(undefined);
      else if (state === connectivityState.TRANSIENT_FAILURE) resolve('the connection was refused or broken');
      else {
        channel.watchConnectivityState(state, deadlineMs, (error) => {
          if (error === undefined) look();
          else resolve('it took too long');
        });
      }
    };
    look();
  });
}
