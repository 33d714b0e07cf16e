import { lookup } from 'node:dns/promises';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseAddress } from '../../../wire/address.js';
import { plainAddress } from '../plain-address.js';

/** A listening socket of this network namespace. */
export interface ListeningSocket {
  /** What /proc/PID/fd links to: `socket:[INODE]`. */
  readonly inode: string;
  /** User id of whoever made it. */
  readonly user: number;
}

/** Sockets that listen at an address of this machine; none for an address elsewhere. */
export async function listeningAt(target: string): Promise<ListeningSocket[]> {
  const address = parseAddress(target);
  if ('path' in address) return unixListeners(address.path);
  const wanted = await ownAddresses(address.host);
  if (wanted === undefined) return [];
  const found: (ListeningSocket & { readonly isAny6: boolean })[] = [];
  for (const [file, family] of [
    ['/proc/net/tcp', 'ipv4'],
    ['/proc/net/tcp6', 'ipv6'],
  ] as const) {
    const text = await readFile(file, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      // proc(5): sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
      const [, local = '', , state, , , , user, , inode = ''] = line.trim().split(/\s+/);
      const [host = '', port = ''] = local.split(':');
      if (state !== '0A' || Number.parseInt(port, 16) !== address.port) continue;
      const isAny = /^0+$/.test(host);
      const isAny6 = isAny && family === 'ipv6';
      // Whoever listens at all addresses of IPv4 does not listen at one of IPv6.
      if (isAny6 || (isAny ? wanted.has4 : wanted.list.check(textOf(host), family))) {
        found.push({ inode, user: Number(user), isAny6 });
      }
    }
  }
  // At all addresses of IPv6 is at those of IPv4 too, but not where somebody else is.
  const surely = found.filter(({ isAny6 }) => !isAny6 || wanted.has6);
  return (surely.length > 0 ? surely : found).map(({ inode, user }) => ({ inode, user }));
}

/** Ids of the processes that hold one of these sockets, as far as this user may look. */
export async function holdersOf(sockets: readonly ListeningSocket[]): Promise<number[]> {
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
  const holders: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    // Others' are not ours to look at, and processes end meanwhile.
    const files = await readdir(`/proc/${name}/fd`).catch(() => []);
    const targets = await Promise.all(files.map((fd) => readlink(`/proc/${name}/fd/${fd}`).catch(() => '')));
    if (targets.some((target) => links.has(target))) holders.push(Number(name));
  }
  return holders;
}

async function unixListeners(path: string): Promise<ListeningSocket[]> {
  const text = await readFile('/proc/net/unix', 'latin1').catch(() => '');
  return text.split('\n').flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is __SO_ACCEPTCON
    const [, , , flags = '', , , inode = '', ...rest] = line.trim().split(/\s+/);
    if (rest.join(' ') !== path || (Number.parseInt(flags, 16) & 0x10000) === 0) return [];
    return [{ inode, user: -1 }];
  });
}

/** The addresses of a host; undefined unless it is this machine. */
async function ownAddresses(host: string): Promise<Wanted | undefined> {
  const found = await lookup(host === '' ? 'localhost' : host, { all: true }).catch(() => []);
  const own = found.filter(({ address }) => isOwn(address));
  if (own.length === 0) return undefined;
  const list = new BlockList();
  for (const { address, family } of own) {
    list.addAddress(address, family === 6 ? 'ipv6' : 'ipv4');
    if (family !== 6) list.addAddress(`::ffff:${address}`, 'ipv6');
  }
  const [has4, has6] = [4, 6].map((wanted) => own.some(({ family }) => family === wanted));
  return { list, has4: has4 === true, has6: has6 === true };
}

/** Addresses of this machine, and of which families they are. */
interface Wanted {
  readonly list: BlockList;
  readonly has4: boolean;
  readonly has6: boolean;
}

/** Whether packets to an address do not leave this machine. */
export function isOwn(address: string): boolean {
  const plain = plainAddress(address);
  if (plain === '::1' || plain.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === plain));
}

/** An address as text, of the hexadecimal words of /proc/net/tcp: each of 32 bits, in the byte order of the machine. */
export function textOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (littleEndian) bytes.swap32();
  if (bytes.length === 4) return [...bytes].join('.');
  const text = bytes.toString('hex').match(/.{4}/g)?.join(':') ?? '';
  return isIPv6(text) ? text : '::';
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
