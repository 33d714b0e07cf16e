import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { DaemonWatch } from '../../../src/agent/adapters/daemon-watch.js';
import { DaemonPeer } from '../../../src/agent/infra/peer.js';
import { DaemonProcess } from '../../support/daemon.js';
import { testLog } from '../../support/nats.js';

/** Where a daemon listens. */
export const addressOf = ({ process }: DaemonProcess): string => String(process.ready.listen);

/** The host and port of an address, as calls name them. */
export function asked(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}

/** A reference daemon with an empty directory of its own. */
export async function startDaemon(t: TestContext, listen?: string): Promise<DaemonProcess> {
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-peer-'));
  const daemon = await DaemonProcess.start(dir, ['--peer-listen', 'off'], listen);
  t.after(async () => {
    await daemon.stop('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  return daemon;
}

/** The part of an agent that answers for the daemon at an address, in this process. */
export function startPeer(t: TestContext, home: string, more: { allowed?: readonly string[] } = {}) {
  // nothing else here keeps the process alive
  const alive = setInterval(() => {}, 1_000);
  const watch = new DaemonWatch({
    ...{ id: 'n1', target: home, publish: () => {}, log: testLog },
    adapter: (place) => new BertyAdapter(place),
  });
  t.after(() => {
    clearInterval(alive);
    watch.stop();
  });
  const around = { hub: true, busy: '', kept: [] as string[] };
  const peer = new DaemonPeer({
    daemon: watch,
    home,
    allowed: more.allowed ?? [],
    adapter: (place) => new BertyAdapter(place),
    hubIsUp: () => around.hub,
    busy: () => (around.busy === '' ? undefined : around.busy),
    keep: async (target) => void around.kept.push(target),
    log: testLog,
  });
  watch.start();
  return { peer, watch, around };
}

/** How many connections of IPv4 lead to a port of this machine now. */
export async function connectionsTo(address: string): Promise<number> {
  const wanted = Number(asked(address).port);
  const table = await readFile('/proc/net/tcp', 'latin1');
  return table.split('\n').filter((line) => {
    // proc(5): sl local_address rem_address st …; 01 is ESTABLISHED
    const [, , remote = '', state] = line.trim().split(/\s+/);
    return state === '01' && Number.parseInt(remote.split(':')[1] ?? '', 16) === wanted;
  }).length;
}

/** A web server that is no daemon, at an address. */
export async function serveWeb(t: TestContext, address: string): Promise<void> {
  const server = createServer((_, response) => response.end('hello'));
  server.listen(Number(asked(address).port), '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
}
