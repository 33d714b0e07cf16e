import { BlockList, type Socket } from 'node:net';

const ownAddresses = new BlockList();
ownAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
ownAddresses.addAddress('::1', 'ipv6');

/** True when the other end of a connection is on this machine: by loopback, or by an address of its own. */
export function speaksToItself(
  socket: Pick<Socket, 'remoteAddress' | 'remoteFamily' | 'localAddress'>,
): boolean {
  const { remoteAddress, remoteFamily, localAddress } = socket;
  // A unix socket has no addresses.
  if (remoteAddress === undefined || remoteAddress === localAddress) return remoteAddress === localAddress;
  return ownAddresses.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4');
}

/** Tells a client that has to speak TLS, in the way that HTTP/1.1 clients understand, and closes. */
export function refusePlain(socket: Socket): void {
  const text = 'This address speaks TLS: use https.\n';
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}
