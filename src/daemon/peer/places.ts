import { PosternError } from '../../errors.js';
import { parseAddress, type TcpAddress } from '../../wire/address.js';

/** Where a peer can be reached: directly, or through a relay that knows its key. */
export interface PeerAddress {
  readonly tcp: TcpAddress;
  /** The peer to be led to; undefined: whoever answers there. */
  readonly through?: Buffer;
}

/** Reads `HOST:PORT` or `relay:HOST:PORT/KEY`, KEY in hex. Throws `ADDRESS_INVALID` (exit status 2). */
export function parsePeerAddress(text: string): PeerAddress {
  const [, relay, key] = /^relay:(.+)\/([0-9a-f]{64})$/.exec(text) ?? [];
  const tcp = parseAddress(relay ?? text);
  if ('path' in tcp) {
    throw new PosternError('ADDRESS_INVALID', `'${text}' is not HOST:PORT nor relay:HOST:PORT/KEY`, {
      exitCode: 2,
    });
  }
  const host = tcp.host === '' ? '127.0.0.1' : tcp.host;
  return {
    tcp: { host, port: tcp.port },
    ...(key === undefined ? {} : { through: Buffer.from(key, 'hex') }),
  };
}

/** The address of a peer behind a relay. */
export function behindRelay(relay: string, key: Uint8Array): string {
  return `relay:${relay}/${Buffer.from(key).toString('hex')}`;
}

/** Whether somebody else's address can be tried. */
export function isPeerAddress(text: string): boolean {
  try {
    return text.length <= 400 && parsePeerAddress(text) !== undefined;
  } catch {
    return false;
  }
}
