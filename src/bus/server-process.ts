import { type ChildProcess, spawn } from 'node:child_process';
import { connect as connectTcp, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';

/** How long a server may take from its start to its first greeting: it may have to read a big store. */
const startTimeoutMs = 30_000;
/** How long it may take to stop before it is killed. */
const stopTimeoutMs = 5000;
/** So much of its log is kept for an error message. */
const keptLogBytes = 4096;

/** A running nats-server that is our child. */
export interface ServerProcess {
  readonly pid: number;
  readonly version: string;
  /** Resolves when it has ended, to how. */
  readonly ended: Promise<string>;
  /** Stops it, kindly at first; resolves when it is gone. */
  stop(): Promise<void>;
}

/** What a NATS server says to whoever connects. */
export const greeting = z.object({ server_name: z.string(), version: z.string() });

/**
 * Starts nats-server and waits until it greets on `host:port` with its own `name`, so that no other program there is
 * taken for it. Throws `PORT_IN_USE` and `NATS_START` with what it logged last.
 */
export async function startServerProcess(options: {
  binary: string;
  config: string;
  name: string;
  host: string;
  port: number;
  log: Logger;
}): Promise<ServerProcess> {
  const { binary, config, name, host, port, log } = options;
  // in a group of its own, so that a Ctrl-C at a terminal reaches only us, and we stop it last
  const child = spawn(binary, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-keptLogBytes);
    log.trace({ nats: chunk.trimEnd() }, 'nats-server says');
  });
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(signal === null ? `it exited with ${code}` : `it was killed by ${signal}`),
    );
  }).then((how) => {
    gone = true;
    process.off('exit', killNow);
    return how;
  });
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  process.on('exit', killNow);

  const stop = async (): Promise<void> => {
    if (gone) return;
    child.kill('SIGTERM');
    const timer = setTimeout(killNow, stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  };
  for (const end = Date.now() + startTimeoutMs; !gone && Date.now() < end; await sleep(10)) {
    const hello = await readGreeting(host, port, 1000);
    if (hello?.server_name === name) {
      return { pid: pidOf(child), version: hello.version, ended, stop };
    }
  }
  const how = gone ? await ended : `it did not answer within ${startTimeoutMs} ms`;
  await stop();
  if (/address already in use/i.test(said)) {
    throw new PosternError('PORT_IN_USE', `port ${port} on ${host} is in use by another program`, {
      hint: 'stop that program, or let NATS listen elsewhere',
    });
  }
  throw new PosternError('NATS_START', `nats-server (${binary}) did not start: ${how}${lastLines(said)}`, {
    hint: `try it by hand: ${binary} -c ${config}`,
  });
}

function pidOf(child: ChildProcess): number {
  return child.pid ?? 0;
}

/** The lines of a log that tell why it ended. */
function lastLines(log: string): string {
  const lines = log.trim().split('\n');
  const fatal = lines.filter((line) => /\[(FTL|ERR)\]|nats-server:/.test(line));
  const told = (fatal.length > 0 ? fatal : lines).slice(-3).join('; ');
  return told === '' ? '' : `: ${told}`;
}

/** The greeting of the NATS server at an address; undefined when there is none within `timeoutMs`. */
export function readGreeting(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<z.infer<typeof greeting> | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTcp({ host, port });
    const done = (found: z.infer<typeof greeting> | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => done(undefined), timeoutMs);
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (!text.startsWith('INFO ') && text.length >= 5) done(undefined);
      else if (end >= 0) done(parseGreeting(text.slice('INFO '.length, end)));
      else if (text.length > 65_536) done(undefined);
    });
  });
}

function parseGreeting(json: string): z.infer<typeof greeting> | undefined {
  try {
    return greeting.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** A port on `host` that nothing listens on at this moment. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
