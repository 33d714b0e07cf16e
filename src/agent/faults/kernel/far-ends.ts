import { readFile } from 'node:fs/promises';
import { plainAddress } from '../plain-address.js';
import { isOwn, textOf } from '../process/listening.js';
import type { TcpPlace } from '../proof/tcp-canary.js';

/** States of sockets, include/net/tcp_states.h of Linux. */
const established = '01';
const listening = '0A';

/**
 * Where connections lead that programs of this machine have dialled and that are open now, one place for each address: of its
 * ports the lowest. Nothing of this machine itself, and nobody who has dialled it: who listens there is not known.
 */
export async function farEnds(): Promise<TcpPlace[]> {
  const lowest = new Map<string, number>();
  const rows = await connections();
  const listened = new Set(rows.filter(({ state }) => state === listening).map(({ local }) => local));
  for (const { local, remote, state } of rows) {
    const [host = '', hexPort = ''] = remote.split(':');
    if (state !== established || listened.has(local)) continue;
    const address = plainAddress(textOf(host));
    const port = Number.parseInt(hexPort, 16);
    if (isOwn(address)) continue;
    lowest.set(address, Math.min(port, lowest.get(address) ?? port));
  }
  return [...lowest].map(([address, port]) => ({ address, port }));
}

/** What the kernel tells of sockets of TCP: the own port and the far place as it writes them, and the state. */
async function connections(): Promise<{ local: string; remote: string; state: string }[]> {
  const texts = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => ''));
  return (await Promise.all(texts)).flatMap((text) =>
    text
      .split('\n')
      .slice(1)
      .map((line) => {
        // proc(5): sl local_address rem_address st
        const [, own = '', remote = '', state = ''] = line.trim().split(/\s+/);
        return { local: own.split(':')[1] ?? '', remote, state };
      }),
  );
}
