import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { hasErrorCode } from '../../private-file.js';
import type { TcpAddress } from '../../wire/address.js';

/** What arrives while this process does something else waits with the kernel, as far as that grants it, bytes. */
export const receiveBytes = 4 * 1024 * 1024;

/**
 * Sockets of UDP that together listen at an address, all at the same port; without a host at all addresses, of IPv6 where
 * this machine has it and of IPv4. Rejects with what the system says.
 */
export async function udpSockets({ host, port }: TcpAddress): Promise<[Socket, ...Socket[]]> {
  if (host !== '') return [await bound(host, port)];
  let both: Socket;
  try {
    both = await bound('::', port);
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'EAFNOSUPPORT') && !hasErrorCode(thrown, 'EADDRNOTAVAIL')) throw thrown;
    return [await bound('0.0.0.0', port)];
  }
  if (!(await isSixAlone())) return [both];
  try {
    return [both, await bound('0.0.0.0', both.address().port)];
  } catch (thrown) {
    both.close();
    throw thrown;
  }
}

/** Whether a socket of IPv6 takes nothing of IPv4 (ip(7) of Linux, `bindv6only`): Node leaves that of UDP to the system. */
async function isSixAlone(): Promise<boolean> {
  const text = await readFile('/proc/sys/net/ipv6/bindv6only', 'utf8').catch(() => '0');
  return text.trim() === '1';
}

async function bound(address: string, port: number): Promise<Socket> {
  const server = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    recvBufferSize: receiveBytes,
    // Whoever is answered is known by address.
    lookup: (found, _, tell) => tell(null, found, isIPv6(found) ? 6 : 4),
  });
  const listening = once(server, 'listening');
  server.bind({ port, exclusive: true, address });
  try {
    await listening;
    return server;
  } catch (thrown) {
    server.close();
    throw thrown;
  }
}
