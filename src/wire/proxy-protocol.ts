import { isIPv4, isIPv6 } from 'node:net';
import { unixPeer } from './client.js';
import { canonicalAddress } from './networks.js';

/**
 * The preamble in which a proxy says for whom it opens a connection: PROXY protocol, version 1 and 2
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
 */
export interface ProxyHeader {
  /** Length of the preamble in bytes. */
  readonly length: number;
  /** The client, in canonical form or `unix`; undefined where the proxy speaks for itself or does not know. */
  readonly address: string | undefined;
  /** Whether the client speaks TLS with the proxy; only version 2 can tell. */
  readonly overTls: boolean;
}

/** `none`: it is no preamble; `bad`: it begins as one and is none that may be sent. */
export type ProxyReading = ProxyHeader | 'more' | 'none' | 'bad';

const firstText = Buffer.from('PROXY ', 'latin1');
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Longest line of version 1, with its end. */
const longestLine = 107;
/** Bytes before the addresses of version 2. */
const fixedBytes = 16;
/** Longest preamble of version 2 that is taken: addresses of unix sockets, and what fits beside them. */
const longestBinary = 4_096;

/** Bytes of both ends' addresses in version 2, by family and transport. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);
/** Version 2, and one of its commands. */
const [localCommand, proxyCommand] = [0x20, 0x21];
/** PP2_TYPE_SSL, and the bit that says that the client spoke TLS. */
const [tlsField, tlsBit] = [0x20, 0x01];

/** Reads the preamble at the beginning of all bytes so far (at least one). A reading other than `more` stands. */
export function readProxyHeader(bytes: Buffer): ProxyReading {
  if (begins(bytes, firstText)) return bytes.length < firstText.length ? 'more' : readLine(bytes);
  if (begins(bytes, signature)) return bytes.length < signature.length ? 'more' : readBinary(bytes);
  return 'none';
}

/** Whether as many bytes as are there are those of the text. */
function begins(bytes: Buffer, text: Buffer): boolean {
  const length = Math.min(bytes.length, text.length);
  return bytes.compare(text, 0, length, 0, length) === 0;
}

function readLine(bytes: Buffer): ProxyReading {
  const text = bytes.toString('latin1', 0, longestLine);
  const end = text.indexOf('\r');
  const line = end < 0 ? text : text.slice(0, end);
  if (/[^ -~]/.test(line)) return 'bad';
  if (end < 0 || text.length === end + 1) return text.length < longestLine ? 'more' : 'bad';
  if (text[end + 1] !== '\n') return 'bad';
  const length = end + 2;
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { length, address: undefined, overTls: false };
  const [, family, source = '', target = '', ...ports] =
    /^PROXY TCP([46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(line) ?? [];
  const isOne = family === '4' ? isIPv4 : isIPv6;
  if (!isOne(source) || !isOne(target) || ports.some((port) => Number(port) > 65_535)) return 'bad';
  const address = canonicalAddress(source);
  return address === undefined ? 'bad' : { length, address, overTls: false };
}

function readBinary(bytes: Buffer): ProxyReading {
  const { length: seen } = bytes;
  const command = seen > 12 ? bytes.readUInt8(12) : localCommand;
  if (command !== localCommand && command !== proxyCommand) return 'bad';
  // What follows a LOCAL command means nothing.
  const size = command === proxyCommand && seen > 13 ? addressBytes.get(bytes.readUInt8(13)) : 0;
  if (size === undefined) return 'bad';
  if (seen < fixedBytes) return 'more';
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (length > longestBinary || length < fixedBytes + size) return 'bad';
  if (seen < length) return 'more';
  if (size === 0) return { length, address: undefined, overTls: false };
  const overTls = readFields(bytes.subarray(fixedBytes + size, length));
  if (overTls === undefined) return 'bad';
  return { length, address: addressIn(bytes, size), overTls };
}

function addressIn(bytes: Buffer, size: number): string | undefined {
  if (size === 216) return unixPeer;
  if (size === 12) return [...bytes.subarray(fixedBytes, fixedBytes + 4)].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(fixedBytes + 2 * i).toString(16));
  return canonicalAddress(groups.join(':'));
}

/** Whether the fields behind the addresses say that the client speaks TLS; undefined where they are not well-formed. */
function readFields(fields: Buffer): boolean | undefined {
  let overTls = false;
  let at = 0;
  while (at < fields.length) {
    if (fields.length < at + 3) return undefined;
    const begin = at + 3;
    const end = begin + fields.readUInt16BE(at + 1);
    if (end > fields.length) return undefined;
    if (fields.readUInt8(at) === tlsField) {
      if (end === begin) return undefined;
      overTls ||= (fields.readUInt8(begin) & tlsBit) !== 0;
    }
    at = end;
  }
  return overTls;
}
