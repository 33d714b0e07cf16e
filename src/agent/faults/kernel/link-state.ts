import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, unlink } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { errorText, PosternError } from '../../../errors.js';
import { ipJson, type NetInterface, readInterface } from './interfaces.js';
import { runProgram } from './programs.js';

/** What an interface has that it loses when it is put down, as `ip … save` tells it, in base64. */
export const linkState = z.object({
  device: z.string(),
  /** Number of the interface: another one of the same name has another. */
  index: z.number(),
  /** Of the kernel's life: what is on disk may be older. */
  boot: z.string(),
  addresses: z.array(z.string()),
  routes: z.array(z.string()),
  /** Neighbours that somebody has set for good. */
  neighbours: z.array(z.object({ dst: z.string(), lladdr: z.string() })),
});
export type LinkState = z.infer<typeof linkState>;

/** Routes that come by themselves: with the interface, with addresses, and by word of routers. */
const comeAlone = new Set(['kernel', 'ra', 'redirect']);
/** More than this is not kept, bytes of base64. */
const mostKept = 1_000_000;
/** How often it is tried to put a route back, and how long after each other, milliseconds. */
const tries = 5;
const tryEveryMs = 400;

/** Of what `ip addr save` writes (ipaddress.c), and of a message of netlink. */
const markBytes = 4;
const headerBytes = 16;

const routes = z.array(z.object({ protocol: z.string().default('boot') }));
const permanent = z.array(z.object({ dst: z.string(), lladdr: z.string().optional() }));

/** Reads what an interface would lose. Throws `IP_FAILED`, and `UNSUPPORTED` where it is more than can be kept. */
export async function readLinkState(ip: string, { name, index }: NetInterface): Promise<LinkState> {
  const saved = async (args: readonly string[]): Promise<string> =>
    (await runProgram(ip, [...args], { code: 'IP_FAILED' })).toString('base64');
  const kept: string[] = [];
  for (const family of ['-4', '-6']) {
    const found = routes.parse(await ipJson(ip, [family, 'route', 'show', 'table', 'all', 'dev', name]));
    for (const protocol of new Set(found.map((each) => each.protocol))) {
      if (comeAlone.has(protocol)) continue;
      kept.push(await saved([family, 'route', 'save', 'table', 'all', 'dev', name, 'proto', protocol]));
    }
  }
  // Those of IPv4 stay.
  const addresses = [await saved(['-6', 'addr', 'save', 'dev', name, 'permanent'])]
    .filter(Boolean)
    .map(oldestFirst);
  if ([...kept, ...addresses].join('').length > mostKept) {
    throw new PosternError(
      'UNSUPPORTED',
      `${name} has more routes than could be put back when it is put up again`,
    );
  }
  const found = permanent.parse(await ipJson(ip, ['neigh', 'show', 'dev', name, 'nud', 'permanent']));
  const neighbours = found.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ dst, lladdr }]));
  return { device: name, index, boot: await bootId(), addresses, routes: kept, neighbours };
}

/** Puts an interface up again, with all that it had. Resolves to what people should know, or undefined. Throws `IP_FAILED`. */
export async function putUp(ip: string, state: LinkState): Promise<string | undefined> {
  const { device, index, boot, addresses, neighbours } = state;
  if (boot !== (await bootId())) return `this machine was started anew while ${device} was down`;
  const found = await readInterface(ip, device);
  if (found === undefined) return `the interface ${device} has vanished`;
  if (found.index !== index) return `another interface has taken the name ${device}`;
  const wasUp = found.isUp;
  await runProgram(ip, ['link', 'set', 'dev', device, 'up'], { code: 'IP_FAILED' });
  const lost: string[] = [];
  // What is there already is left as it is.
  for (const each of addresses) lost.push(...(await restored(ip, 'addr', each)));
  for (const each of state.routes) lost.push(...(await restored(ip, 'route', each)));
  for (const { dst, lladdr } of neighbours) {
    const args = ['neigh', 'replace', dst, 'lladdr', lladdr, 'nud', 'permanent', 'dev', device];
    await runProgram(ip, args).catch((thrown: unknown) => lost.push(errorText(thrown)));
  }
  if (lost.length > 0) return `not all that ${device} had could be put back: ${lost.join('; ')}`;
  return wasUp ? `somebody had put ${device} up before` : undefined;
}

/** A route may need a moment: the address that it goes out from is being looked at by its neighbours. */
async function restored(ip: string, what: 'addr' | 'route', saved: string): Promise<string[]> {
  for (let tried = 1; ; tried++) {
    const input = await unnamedFile(Buffer.from(saved, 'base64'));
    try {
      await runProgram(ip, [what, 'restore'], { inputFrom: input });
      return [];
    } catch (thrown) {
      if (tried === tries) return [errorText(thrown)];
      await sleep(tryEveryMs);
    } finally {
      await input.close();
    }
  }
}

/** A file with this content: ip reads it several times over, which a pipe does not let it. */
async function unnamedFile(content: Buffer): Promise<FileHandle> {
  const path = join(tmpdir(), `postern-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    // Whoever reads it begins where this process stands in it: at its beginning.
    await file.write(content, 0, content.length, 0);
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/**
 * The addresses that ip has saved, in base64, in the order in which they were given: the newest is told first, and each one
 * that is put back becomes the newest. Beyond a mark of four bytes they are messages of netlink (linux/netlink.h).
 */
function oldestFirst(saved: string): string {
  const dump = Buffer.from(saved, 'base64');
  const messages: Buffer[] = [];
  for (let at = markBytes; at + 4 <= dump.length; ) {
    const bytes = Math.ceil((endianness() === 'LE' ? dump.readUInt32LE(at) : dump.readUInt32BE(at)) / 4) * 4;
    if (bytes < headerBytes || at + bytes > dump.length) return saved;
    messages.push(dump.subarray(at, at + bytes));
    at += bytes;
  }
  return Buffer.concat([dump.subarray(0, markBytes), ...messages.reverse()]).toString('base64');
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}
