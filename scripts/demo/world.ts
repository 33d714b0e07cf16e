import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compiledRoot } from '../../test/support/processes.js';
import { findLeftovers } from '../testing/leftovers.js';
import { Programs } from './programs.js';

/** A temporary directory, and all that runs for the demo. */
export class World {
  /** Removed at the end; holds the data directories and logs. */
  readonly dir: string;
  /** Data directory of the hub. */
  readonly data: string;
  /** In the environment of everything that the demo starts, so that nothing is overlooked at the end. */
  readonly mark = { name: 'DEMO_RUN', value: randomUUID() };
  readonly programs: Programs;
  readonly #ports = new Set<string>();

  constructor() {
    this.dir = mkdtempSync(path.join(tmpdir(), 'postern-demo-'));
    this.data = path.join(this.dir, 'hub');
    const logs = path.join(this.dir, 'logs');
    mkdirSync(logs);
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('POSTERN_') || name.startsWith('POSTERN_NATS_SERVER'),
    );
    this.programs = new Programs(logs, {
      ...Object.fromEntries(inherited),
      [this.mark.name]: this.mark.value,
      POSTERN_DATA: this.data,
      POSTERN_DIST: compiledRoot,
      ETCDCTL_API: '3',
      // etcd's client follows proxies of the environment; nothing here is beyond loopback.
      NO_PROXY: '127.0.0.1,localhost',
    });
  }

  /** Remembers an address, `HOST:PORT` or an URL, that nobody may listen on at the end. */
  owns(address: string): string {
    this.#ports.add(address.replace(/^[a-z+]+:\/\//, ''));
    return address;
  }

  /** Ends everything; resolves to what would not end, or is still there. */
  async tearDown(): Promise<string[]> {
    const left: string[] = [];
    for (const name of await this.programs.stopAll()) left.push(`${name} did not end by SIGTERM`);
    for (const { pid, command } of await findLeftovers(`${this.mark.name}=${this.mark.value}`, 5_000)) {
      left.push(`a process is left: ${pid} ${command}`);
      endProcess(pid);
    }
    for (const address of this.#ports)
      if (await answers(address)) left.push(`somebody listens on ${address}`);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
    const remains = await access(this.dir).then(
      () => true,
      () => false,
    );
    if (remains) left.push(`${this.dir} is left`);
    return left;
  }
}

async function answers(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const socket = createConnection({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    timeout: 2_000,
  });
  return new Promise((resolve) => {
    const settle = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', settle(true)).once('error', settle(false)).once('timeout', settle(false));
  });
}

/** Ends a process at once; nothing when it has ended already, or when `pid` is no process but a group. */
export function endProcess(pid: number): void {
  if (!(pid > 1)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
