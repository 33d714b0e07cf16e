import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianTool } from '../../scripts/debian-tool.js';
import { freePort } from './free-port.js';
import { eventually } from './processes.js';

/** Debian's tinyproxy, an HTTP proxy that real networks have. */
export interface Tinyproxy {
  readonly port: number;
  /** What it has logged so far. */
  log(): string;
  /** Kills it, with every connection through it. */
  kill(): Promise<void>;
  /** Starts it again, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy on loopback that lets CONNECT through to this port alone, and asks for a login where one is given. */
export async function startTinyproxy(options: {
  connectPort: number;
  login?: { user: string; password: string };
}): Promise<Tinyproxy> {
  const tool = await debianTool('tinyproxy');
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-proxy-'));
  const port = await freePort();
  const config = path.join(dir, 'tinyproxy.conf');
  const { login } = options;
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 600',
    'MaxClients 100',
    `ConnectPort ${options.connectPort}`,
    'LogLevel Connect',
    ...(login === undefined ? [] : [`BasicAuth ${login.user} ${login.password}`]),
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  let log = '';
  let ended: Promise<void> = Promise.resolve();
  let kill = (): void => {};
  const start = async (): Promise<void> => {
    const child = spawn(tool.path, ['-d', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    }
    ended = new Promise((resolve) => child.once('close', () => resolve()));
    kill = () => child.kill('SIGKILL');
    await eventually('tinyproxy listens', () => listens(port), { everyMs: 20 });
  };
  await start();
  const end = async (): Promise<void> => {
    kill();
    await ended;
  };
  return {
    port,
    log: () => log,
    kill: end,
    restart: start,
    async stop() {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => tell(true));
    socket.once('error', () => tell(false));
  });
}
