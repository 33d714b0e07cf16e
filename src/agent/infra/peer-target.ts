import { BlockList, isIP, isIPv6 } from 'node:net';
import { PosternError } from '../../errors.js';
import { formatAddress, parseAddress } from '../../wire/address.js';

/** Which daemon somebody names. */
export interface AskedPeer {
  readonly host: string;
  readonly port: string;
}

/** The daemons that may be named. */
export interface PeerPlaces {
  /** Where the daemon is looked for now, and where the agent was told that it is: `HOST:PORT`. */
  readonly own: readonly string[];
  /** Others that the agent was told of. */
  readonly allowed: readonly string[];
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** What people write for this machine, where they mean its own one address. */
const thisMachine = '127.0.0.1';

/**
 * The `HOST:PORT` of the daemon that is meant: one of those known, by whatever name of this machine, or an address of
 * loopback. Names other than `localhost` are never looked up: who controls a name could aim the agent anywhere by it. Throws
 * `PEER_INVALID` and `PEER_FORBIDDEN`.
 */
export function peerTarget(asked: AskedPeer, { own, allowed }: PeerPlaces): string {
  const wanted = placeOf(readHost(asked.host), readPort(asked.port));
  const known = [...own, ...allowed].find((target) => samePlace(target, wanted));
  if (known !== undefined) return known;
  if (isLoopback(wanted.host)) return formatAddress(wanted);
  throw new PosternError(
    'PEER_FORBIDDEN',
    `this agent works with the daemon at ${own[0] ?? '?'} and may be told of others on its own machine, not of one at ${formatAddress(wanted)}`,
    { hint: `start the agent with --infra-daemon ${formatAddress(wanted)} where that is wanted` },
  );
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** `localhost`, and the other spellings of one and the same address, are one place. */
function placeOf(host: string, port: number): Place {
  const bare = plain(host.toLowerCase().replace(/\.$/, ''));
  const isOurs = bare === '' || bare === 'localhost' || bare === '::1';
  return { host: isOurs ? thisMachine : bare, port };
}

function samePlace(target: string, wanted: Place): boolean {
  const address = parseAddress(target);
  if ('path' in address) return false;
  const { host, port } = placeOf(address.host, address.port);
  return host === wanted.host && port === wanted.port;
}

/** An IPv6 address in its shortest form, and as one of IPv4 where it stands for one. */
function plain(host: string): string {
  if (!isIPv6(host) || host.includes('%')) return host;
  const short = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const words = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  const [high, low] = (words ?? []).slice(1).map((word) => Number.parseInt(word, 16));
  if (high === undefined || low === undefined) return short;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Whether a host is an address of this machine's own, in whatever form. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function readHost(text: string): string {
  const host = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const isName = host.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?$/.test(host);
  // an address with a zone is one of a network card
  if (isIPv6(host) ? !host.includes('%') : isName && host === text) return host;
  throw new PosternError('PEER_INVALID', `host: ${quoted(text)} is no host name or address`, {
    hint: 'give the host alone, such as localhost or 127.0.0.1, and the port in its own field',
  });
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new PosternError('PEER_INVALID', `port: ${quoted(text)} is no port`, {
    hint: 'a port is a number from 1 to 65535, such as 9091',
  });
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
