/** Preambles of the PROXY protocol, written by hand. */

/** A client that no test has. */
export const namedClient = '203.0.113.7';

/** Version 1 naming a client. */
export function version1(address = namedClient): Buffer {
  const family = address.includes(':') ? 'TCP6' : 'TCP4';
  const target = family === 'TCP6' ? '2001:db8::2' : '192.0.2.2';
  return Buffer.from(`PROXY ${family} ${address} ${target} 4711 443\r\n`, 'latin1');
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Version 2 with any content. Default: the command PROXY for TCP over IPv4. */
export function version2(
  content: Buffer,
  { command = 0x21, family = 0x11, length = content.length } = {},
): Buffer {
  const head = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([signature, head, content]);
}

/** Addresses and ports of both ends, IPv4. */
export function ends4(address = namedClient): Buffer {
  const source = address.split('.').map(Number);
  return Buffer.from([...source, 192, 0, 2, 2, 0x12, 0x67, 0x01, 0xbb]);
}

/** Addresses and ports of both ends, IPv6, from 2001:db8::7. */
export const ends6 = Buffer.from(
  `20010db8${'0'.repeat(22)}07${'20010db8'}${'0'.repeat(22)}02126701bb`,
  'hex',
);

/** One field behind the addresses. */
export function field(type: number, value: Buffer, length = value.length): Buffer {
  return Buffer.concat([Buffer.from([type, length >> 8, length & 0xff]), value]);
}

/** PP2_TYPE_SSL: with its first bit the client has spoken TLS. */
export function tlsField(bits: number): Buffer {
  return field(0x20, Buffer.from([bits, 0, 0, 0, 0]));
}
