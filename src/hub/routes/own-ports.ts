import { hostname, networkInterfaces } from 'node:os';
import { PosternError } from '../../errors.js';
import { type Address, formatAddress, parseAddress } from '../../wire/address.js';

/** An address that the hub, or what it is made of, listens at. */
export interface OwnPort {
  /** E.g. "a listener of the hub". */
  readonly what: string;
  readonly address: Address;
}

/** The addresses of listeners, metrics and NATS servers, as far as they are known; a port 0 is not. */
export function ownPorts(places: {
  listen: readonly string[];
  metrics: string;
  nats: readonly string[];
}): OwnPort[] {
  const found: OwnPort[] = [];
  const add = (what: string, text: string): void => {
    try {
      found.push({ what, address: parseAddress(text, 'listen') });
    } catch (thrown) {
      // Told where it is configured.
      if (!(thrown instanceof PosternError)) throw thrown;
    }
  };
  for (const text of places.listen) add('a listener of the hub', text);
  if (places.metrics !== '') add("the hub's metrics", places.metrics);
  for (const text of places.nats) {
    if (URL.canParse(text)) add('the NATS server', new URL(text).host.replace(/^([^:]+|\[.*\])$/, '$1:4222'));
  }
  return found;
}

/** Which of them an address would reach; undefined: none. */
export function ownPortAt(address: Address, own: readonly OwnPort[]): OwnPort | undefined {
  return own.find((one) => reaches(address, one.address));
}

function reaches(to: Address, listener: Address): boolean {
  if ('path' in to || 'path' in listener)
    return 'path' in to && 'path' in listener && to.path === listener.path;
  if (to.port !== listener.port || to.port === 0) return false;
  const [there, here] = [plainHost(to.host), plainHost(listener.host)];
  if (there === here) return true;
  if (isAny(there)) return isLoopback(here) || isAny(here) || isOfThisMachine(here);
  if (isAny(here)) return isLoopback(there) || isOfThisMachine(there);
  return isLoopback(there) && isLoopback(here);
}

/** Lower-case, without a trailing dot; an IPv4 address within IPv6 as IPv4. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
}

function isAny(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d+){0,3}$/.test(host)
  );
}

function isOfThisMachine(host: string): boolean {
  if (host === hostname().toLowerCase()) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

/** For messages. */
export function ownPortText({ what, address }: OwnPort): string {
  return `${what} (${formatAddress(address)})`;
}
