import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusAuthority, type BusCredentials, loadOrCreateAuthority } from '../../src/bus/authority.js';
import type { Bus } from '../../src/bus/bus.js';
import { type ConnectOptions, connectBus } from '../../src/bus/connect.js';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/bus/embedded-server.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import type { BusIdentity } from '../../src/bus/permissions.js';
import { findServerBinary, type ServerBinary } from '../../src/bus/server-binary.js';
import { createLogger, type Logger } from '../../src/log.js';
import { checkoutRoot, eventually } from './processes.js';

/** Says nothing, unless POSTERN_TEST_LOG names a level. */
export const testLog: Logger = createLogger(process.env.POSTERN_TEST_LOG === 'debug' ? 'debug' : 'silent');

let newest: Promise<ServerBinary> | undefined;

/** The nats-server that tests use. */
export function natsServer(): Promise<ServerBinary> {
  newest ??= findServerBinary({ toolsDir: join(checkoutRoot, '.tools'), log: testLog });
  return newest;
}

/** Every nats-server to test against: the one that is found, and an old one where POSTERN_NATS_SERVER_OLD names it. */
export async function natsServers(): Promise<ServerBinary[]> {
  const old = process.env.POSTERN_NATS_SERVER_OLD;
  const servers = [await natsServer()];
  if (old !== undefined && old !== '') {
    servers.push(
      await findServerBinary({
        toolsDir: '',
        log: testLog,
        env: { POSTERN_NATS_SERVER: old },
      }),
    );
  }
  return servers;
}

/** A real NATS server with an authority of its own, and whatever was connected to it; `stop` ends it all. */
export interface TestNats {
  readonly dir: string;
  readonly authority: BusAuthority;
  readonly server: EmbeddedServer;
  /** Connects with fresh credentials of the role. */
  hub(options?: Partial<ConnectOptions>): Promise<Bus>;
  agent(node: string, options?: Partial<ConnectOptions>): Promise<Bus>;
  watcher(options?: Partial<ConnectOptions>): Promise<Bus>;
  tracer(options?: Partial<ConnectOptions>): Promise<Bus>;
  tunnel(options?: Partial<ConnectOptions>): Promise<Bus>;
  controller(options?: Partial<ConnectOptions>): Promise<Bus>;
  accounts(options?: Partial<ConnectOptions>): Promise<Bus>;
  connect(
    identity: BusIdentity,
    credentials: BusCredentials,
    options?: Partial<ConnectOptions>,
  ): Promise<Bus>;
  /** Credentials of a role, with the identity they are for. */
  credentials(
    role: BusIdentity['role'],
    node?: string,
    ttlSeconds?: number,
  ): Promise<{ identity: BusIdentity; credentials: BusCredentials }>;
  stop(): Promise<void>;
}

/** Starts a server with an empty data directory. */
export async function startTestNats(binary?: ServerBinary): Promise<TestNats> {
  const found = binary ?? (await natsServer());
  const dir = await mkdtemp(join(tmpdir(), 'postern-nats-'));
  const authority = await loadOrCreateAuthority(join(dir, 'keys'));
  const server = await startEmbeddedServer({ dir, binary: found.path, authority, log: testLog });
  const opened: Bus[] = [];

  const credentials: TestNats['credentials'] = async (role, node = 'n1', ttlSeconds = 3600) => {
    const { publicKey, seed } = createUserKey();
    const identity: BusIdentity = role === 'agent' ? { role, node, publicKey } : { role, publicKey };
    const jwt = await authority.mint({ identity, name: `test ${role}`, ttlSeconds });
    return { identity, credentials: { jwt, seed } };
  };
  const connect: TestNats['connect'] = async (identity, own, options = {}) => {
    const bus = await connectBus({
      servers: [server.url],
      identity,
      credentials: () => own,
      name: identity.role,
      log: testLog,
      firstConnect: 'fail',
      timeoutMs: 10_000,
      ...options,
    });
    opened.push(bus);
    return bus;
  };
  const as = async (
    role: BusIdentity['role'],
    node: string | undefined,
    options: Partial<ConnectOptions> | undefined,
  ): Promise<Bus> => {
    const user = await credentials(role, node);
    return connect(user.identity, user.credentials, options);
  };
  return {
    dir,
    authority,
    server,
    credentials,
    connect,
    hub: (options) => as('hub', undefined, options),
    agent: (node, options) => as('agent', node, options),
    watcher: (options) => as('watcher', undefined, options),
    tracer: (options) => as('tracer', undefined, options),
    tunnel: (options) => as('tunnel', undefined, options),
    controller: (options) => as('controller', undefined, options),
    accounts: (options) => as('accounts', undefined, options),
    async stop() {
      await Promise.all(opened.map((bus) => bus.close()));
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Waits until `condition` holds, looking often. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  await eventually(what, condition, { timeoutMs, everyMs: 10 });
}
