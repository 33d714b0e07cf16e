import { z } from 'zod';
import { runProgram } from './programs.js';

const link = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  flags: z.array(z.string()),
  mtu: z.number(),
  /** The interface that it stands on, or the other end of a pair. */
  link: z.string().optional(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
});

/** A network interface of this machine. */
export interface NetInterface {
  readonly name: string;
  /** Another one of the same name has another number. */
  readonly index: number;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Names of interfaces that stand on it, and go down with it: VLANs and their like. */
  readonly carries: readonly string[];
}

/** All interfaces, of what ip tells. Throws `IP_FAILED`. */
export async function readInterfaces(ip: string): Promise<NetInterface[]> {
  const links = z.array(link).parse(await ipJson(ip, ['-d', 'link', 'show']));
  return links.map(({ ifname, ifindex, flags, mtu }) => ({
    name: ifname,
    index: ifindex,
    isUp: flags.includes('UP'),
    isLoopback: flags.includes('LOOPBACK'),
    mtu,
    carries: links.flatMap((other) =>
      other.link === ifname && other.linkinfo?.info_kind !== 'veth' ? [other.ifname] : [],
    ),
  }));
}

/** One interface; undefined: it is not there. */
export async function readInterface(ip: string, name: string): Promise<NetInterface | undefined> {
  return (await readInterfaces(ip)).find((each) => each.name === name);
}

const route = z.array(z.object({ dev: z.string().optional(), gateway: z.string().optional() }));

/** The interface by which packets to an address leave, and the next machine on the way; undefined: there is no way. */
export async function routeTo(
  ip: string,
  address: string,
): Promise<{ readonly device: string; readonly gateway: string | undefined } | undefined> {
  const found = await ipJson(ip, ['route', 'get', address]).catch(() => []);
  const [first] = route.parse(found);
  return first?.dev === undefined ? undefined : { device: first.dev, gateway: first.gateway };
}

/** What ip prints as JSON; where there is nothing it prints nothing. */
export async function ipJson(ip: string, args: readonly string[]): Promise<unknown> {
  const printed = (await runProgram(ip, ['-j', ...args], { code: 'IP_FAILED' })).toString('utf8').trim();
  return printed === '' ? [] : JSON.parse(printed);
}
