import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { freePort } from '../../src/bus/server-process.js';
import { PosternError } from '../../src/errors.js';
import { eventually } from '../../test/support/processes.js';

/** An nginx. */
export interface Nginx {
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const stopMs = 5_000;

/**
 * One worker with `grpc_pass` to `upstream`, connections kept open. Whatever is not said is nginx's default; the number
 * of requests per connection is unlimited, so that no connection is changed within a measurement.
 */
function configuration(dir: string, port: number, upstream: string): string {
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${dir}/pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  upstream server { server ${upstream}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} http2;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    location / { grpc_pass grpc://server; }
  }
}
`;
}

/** Starts nginx in front of `upstream` with its files in `dir`. Throws `NGINX_FAILED` with what it said. */
export function startNginx(program: string, dir: string, upstream: string): Promise<Nginx> {
  return runNginx(program, dir, (port) => configuration(dir, port, upstream));
}

/** Starts nginx with its files in `dir` and what is configured for the port that it gets. Throws `NGINX_FAILED`. */
export async function runNginx(
  program: string,
  dir: string,
  configure: (port: number) => string,
): Promise<Nginx> {
  await mkdir(dir, { recursive: true });
  const port = await freePort('127.0.0.1');
  const file = path.join(dir, 'nginx.conf');
  await writeFile(file, configure(port));
  const child = spawn(program, ['-p', dir, '-c', file, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let over = false;
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => {
    const settle = (): void => {
      over = true;
      process.off('exit', killed);
      resolve();
    };
    child.once('close', settle).once('error', (error) => {
      said += error.message;
      settle();
    });
  });
  await eventually('nginx listens', () => over || answers(port), { everyMs: 20 });
  if (over) throw new PosternError('NGINX_FAILED', `nginx did not start: ${said.trim()}`);
  return { address: `127.0.0.1:${port}`, pid: child.pid ?? -1, stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(timer);
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    const settle = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}
