import { BlockList, isIP, SocketAddress } from 'node:net';

/** Addresses and networks, asked whether an address is among them. */
export class Networks {
  readonly #list = new BlockList();

  /** Of addresses, and of networks such as `10.1.0.0/16`. Throws where a text is neither. */
  constructor(texts: readonly string[]) {
    for (const text of texts) this.add(text);
  }

  /** Throws where the text is neither an address nor a network. */
  add(text: string): void {
    const [address = '', prefix] = text.split('/', 2);
    if (isIP(address) === 0) throw new Error(`'${text}' is no address`);
    if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
    else this.#list.addSubnet(address, /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1, familyOf(address));
  }

  /** False for what is no address. An IPv4-mapped address is in the networks of its IPv4 form. */
  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }
}

/** Whether a text is an address or a network, as `Networks` takes it. */
export function isNetwork(text: string): boolean {
  try {
    new Networks([text]);
    return true;
  } catch {
    return false;
  }
}

const mappedIPv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * An address in the one form that is compared and logged: IPv6 as RFC 5952 writes it, IPv4-mapped as IPv4. Undefined
 * for what is no address, one with a zone among them.
 */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version === 4) return text;
  if (version === 0 || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return mappedIPv4.exec(address)?.[1] ?? address;
}

/**
 * What one client has to itself: an IPv4 address, or the /64 network of an IPv6 address, as each machine gets at least
 * one such network.
 * @param address in canonical form; what is no IPv6 address is given back.
 */
export function ownNetworkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [before = '', after] = address.split('::', 2);
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  // An IPv4 address at the end stands for two groups.
  const given = head.length + tail.length + (address.includes('.') ? 1 : 0);
  const zeros = after === undefined ? 0 : 8 - given;
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
