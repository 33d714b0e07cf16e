import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { makePrivateDirectory, replacePrivateFile } from '../private-file.js';
import type { BusAuthority } from './authority.js';
import { lockDirectory } from './directory-lock.js';
import { commandLine, endProcess } from './process-identity.js';
import { createRetry } from './retry.js';
import { serverConfig } from './server-config.js';
import { freePort, type ServerProcess, startServerProcess } from './server-process.js';

/** A nats-server of our own. */
export interface EmbeddedServer {
  /** Where clients on this machine connect: `nats://127.0.0.1:PORT`. It stays the same over restarts of the server. */
  readonly url: string;
  readonly version: string;
  /** Process id of the server that runs now. */
  readonly pid: number;
  /** Ends the server and gives the data directory free. Calling it twice does nothing. */
  stop(): Promise<void>;
}

/** Ports that we chose ourselves are tried anew so often. */
const portTries = 5;
/** A server that has run this long is no longer taken for one that dies at once, in milliseconds. */
const stableMs = 1000;

/**
 * Starts a nats-server that keeps its files in `dir/nats`, and keeps it running: one that dies is started again on the
 * same port. What an earlier process of ours left running there is stopped first. The port is chosen at the first start
 * and remembered, unless `listen` (`HOST:PORT`) names it.
 *
 * Throws `DATA_IN_USE`, `DATA_UNUSABLE`, `PORT_IN_USE`, `NATS_START`, `LISTEN_INVALID`.
 */
export async function startEmbeddedServer(options: {
  dir: string;
  binary: string;
  authority: BusAuthority;
  listen?: string | undefined;
  log: Logger;
}): Promise<EmbeddedServer> {
  const { log, binary, authority } = options;
  const wanted = parseListen(options.listen ?? '127.0.0.1:0');
  const dir = join(resolve(options.dir), 'nats');
  await makePrivateDirectory(dir);
  const config = join(dir, 'nats.conf');
  const pidFile = join(dir, 'nats.pid');
  const portFile = join(dir, 'port');
  const release = await lockDirectory(join(dir, 'lock'));

  const launch = async (port: number): Promise<ServerProcess> => {
    const name = `postern-${randomBytes(6).toString('hex')}`;
    const text = await serverConfig(authority, {
      listen: `${bracketed(wanted.host)}:${port}`,
      storeDirectory: join(dir, 'jetstream'),
      name,
      pidFile,
    });
    await replacePrivateFile(config, text);
    return startServerProcess({ binary, config, name, host: reachable(wanted.host), port, log });
  };
  const first = async (): Promise<{ port: number; server: ServerProcess }> => {
    if (wanted.port !== 0) return { port: wanted.port, server: await launch(wanted.port) };
    let port = await rememberedPort(portFile);
    for (let tries = 1; ; tries++) {
      port ??= await freePort(wanted.host);
      try {
        const server = await launch(port);
        return { port, server };
      } catch (thrown) {
        const taken = thrown instanceof PosternError && thrown.code === 'PORT_IN_USE';
        if (!taken || tries === portTries) throw thrown;
        log.warn(`port ${port} is in use by another program, NATS takes another one`);
        port = undefined;
      }
    }
  };

  let started: { port: number; server: ServerProcess };
  try {
    await clearLeftover(pidFile, config, log);
    started = await first();
    await replacePrivateFile(portFile, `${started.port}\n`);
  } catch (thrown) {
    await release();
    throw thrown;
  }
  const { port } = started;
  let { server } = started;

  let stopping = false;
  let launching: Promise<void> | undefined;
  const retry = createRetry(50, 5000);
  const watch = (watched: ServerProcess): void => {
    const sinceMs = Date.now();
    watched.ended.then((how) => {
      if (stopping) return;
      log.error({ how }, 'nats-server died, starting it again');
      if (Date.now() - sinceMs > stableMs) retry.succeeded();
      retry.later(relaunch);
    }, log.error.bind(log));
  };
  const relaunch = (): void => {
    launching = launch(port).then(
      (next) => {
        server = next;
        watch(next);
        log.info({ pid: next.pid }, 'nats-server runs again');
      },
      (thrown: unknown) => {
        if (stopping) return;
        log.error(`cannot start nats-server again yet: ${errorText(thrown)}`);
        retry.later(relaunch);
      },
    );
  };
  watch(server);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping = true;
    retry.cancel();
    await launching;
    await server.stop();
    await release();
  };
  return {
    url: `nats://${bracketed(reachable(wanted.host))}:${port}`,
    version: server.version,
    get pid() {
      return server.pid;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/**
 * Stops the server that an earlier process of ours left running when it was killed. The process id may be another
 * program's by now, so that only a process that was started with our configuration counts.
 */
async function clearLeftover(pidFile: string, config: string, log: Logger): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const command = await commandLine(pid);
  if (command === undefined || !command.endsWith(`-c ${config}`)) return;
  log.warn({ pid }, 'stopping the nats-server that an earlier process left running');
  if (await endProcess(pid, 5000)) return;
  throw new PosternError('DATA_IN_USE', `a nats-server that was left over (process ${pid}) does not stop`, {
    hint: 'stop it as the user who started it',
  });
}

async function rememberedPort(portFile: string): Promise<number | undefined> {
  const port = Number(await readFile(portFile, 'utf8').catch(() => ''));
  return Number.isSafeInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function parseListen(listen: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new PosternError('LISTEN_INVALID', `NATS cannot listen on ${JSON.stringify(listen)}`, {
      hint: 'give HOST:PORT, for example 127.0.0.1:4222',
      exitCode: 2,
    });
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The address by which this machine reaches a listener on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
