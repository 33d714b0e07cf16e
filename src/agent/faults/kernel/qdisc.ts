import { createHash } from 'node:crypto';
import { z } from 'zod';
import { errorText, PosternError } from '../../../errors.js';
import type { Act } from '../injection.js';
import type { QdiscKind } from './abilities.js';
import { runProgram } from './programs.js';

/** A queueing discipline at the root of an interface. */
export interface Qdisc {
  readonly kind: string;
  /** Its number, such as `5a3b:`; `0:` is that of the kernel's own default. */
  readonly handle: string;
  /** Packets that have gone through it. */
  readonly packets: number;
  /** Packets that it has dropped. */
  readonly drops: number;
}

const listing = z.array(
  z.object({
    kind: z.string(),
    handle: z.string(),
    root: z.boolean().optional(),
    packets: z.number().default(0),
    drops: z.number().default(0),
  }),
);

/** Handles of ours: 5000 to 5fff. Kernels give out 8001 and above by themselves. */
const ours = /^5[0-9a-f]{3}:$/;

/** Whether a fault has set it up, of this agent or of another one. */
export function isOurs({ handle }: Qdisc): boolean {
  return ours.test(handle);
}

/** The handle of a fault's queueing discipline. */
export function handleOf(owner: string, fault: string): string {
  return `5${createHash('sha256').update(`${owner} ${fault}`).digest('hex').slice(0, 3)}:`;
}

/** What sends the packets of an interface. Throws `TC_FAILED`. */
export async function rootQdisc(tc: string, device: string): Promise<Qdisc | undefined> {
  const args = ['-s', '-j', 'qdisc', 'show', 'dev', device];
  const printed = (await runProgram(tc, args, { code: 'TC_FAILED' })).toString('utf8').trim();
  return listing.parse(printed === '' ? [] : JSON.parse(printed)).find(({ root }) => root === true);
}

/** Throws where an interface has a queueing discipline that is not to be replaced: `UNSUPPORTED`, or `FAULT_BUSY` where it is of a fault. */
export function checkFree(device: string, found: Qdisc | undefined): void {
  if (found === undefined || found.handle === '0:') return;
  const what = `the interface ${device} has the queueing discipline ${found.kind} ${found.handle}`;
  if (isOurs(found)) {
    throw new PosternError('FAULT_BUSY', `${what} of another fault: it takes one at a time`);
  }
  throw new PosternError('UNSUPPORTED', `${what}, which somebody has set up and no fault replaces`);
}

/** What tc is told of an act. `mtu` in bytes. */
export function qdiscWords({ kind, shape }: Act, mtu: number): { kind: QdiscKind; words: string[] } {
  const { share, delayMs, jitterMs, bytesPerSecond } = shape;
  if (kind === 'rate') return { kind: 'tbf', words: tbfWords(bytesPerSecond, mtu) };
  const delay = (ms: number) => ['delay', milliseconds(ms)];
  const emulated: Partial<Record<Act['kind'], string[]>> = {
    delay: [...delay(delayMs), ...(jitterMs === 0 ? [] : [milliseconds(jitterMs)])],
    loss: ['loss', percent(share)],
    duplicate: ['duplicate', percent(share)],
    // netem holds all back but this share (tc-netem(8)).
    reorder: [...delay(delayMs === 0 ? reorderedByMs : delayMs), 'reorder', percent(1 - share)],
  };
  return { kind: 'netem', words: ['limit', String(mostHeld), ...(emulated[kind] ?? [])] };
}

/** How long a packet is held back of which nobody says it, milliseconds: as by relays. */
export const reorderedByMs = 20;
/** As many packets wait at most, instead of netem's 1,000: at 100 ms of delay 1 Gbit/s needs about 10,000. */
const mostHeld = 50_000;
/** Bytes beside what an interface's MTU counts: an Ethernet header with two VLAN tags. */
const headerBytes = 22;
const mostBurst = 32 * 2 ** 20;

/** A bucket as large as what may be sent between two ticks of the slowest usual clock (100 Hz; tc-tbf(8)), and one packet at least. */
function tbfWords(bytesPerSecond: number, mtu: number): string[] {
  const rate = Math.max(1, Math.round(bytesPerSecond));
  const burst = Math.min(mostBurst, Math.max(mtu + headerBytes, Math.ceil(rate / 100)));
  const queue = Math.min(mostBurst * 4, Math.max(8 * (mtu + headerBytes), Math.ceil(rate / 4)) + burst);
  return ['rate', `${rate * 8}bit`, 'burst', String(burst), 'limit', String(queue)];
}

function milliseconds(ms: number): string {
  return `${Math.round(ms * 1_000)}us`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(5))}%`;
}

/** Sets a queueing discipline where the kernel's own default is. Throws `TC_FAILED`. */
export async function addQdisc(
  tc: string,
  device: string,
  handle: string,
  { kind, words }: ReturnType<typeof qdiscWords>,
): Promise<void> {
  const args = ['qdisc', 'add', 'dev', device, 'root', 'handle', handle, kind, ...words];
  await runProgram(tc, args, { code: 'TC_FAILED' });
}

/** Removes ours, where it is still there. Resolves to what people should know, or undefined. Throws `TC_FAILED`. */
export async function dropQdisc(tc: string, device: string, handle: string): Promise<string | undefined> {
  const found = await rootQdisc(tc, device).catch((thrown: unknown) => {
    if (!/cannot find device/i.test(errorText(thrown))) throw thrown;
    return undefined;
  });
  if (found === undefined) return `the interface ${device} has vanished`;
  if (found.handle !== handle) return `somebody had removed the queueing discipline of ${device} before`;
  // The kernel removes it only by this handle, if somebody has set up another one just now.
  await runProgram(tc, ['qdisc', 'del', 'dev', device, 'root', 'handle', handle], { code: 'TC_FAILED' });
  return undefined;
}
