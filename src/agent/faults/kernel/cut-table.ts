import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import type { FaultDirection } from '../../../fault-kinds.js';

/** What a table does with packets. */
export interface Disturbance {
  /** All are dropped; a share of them is, by lot; or connections of TCP are reset, and all else is dropped. */
  readonly does: 'drop' | 'reset' | { readonly dropsShare: number };
  /** As seen from this machine. */
  readonly direction: FaultDirection;
  /** Only packets to and from these addresses; undefined: all. */
  readonly hit: readonly string[] | undefined;
  /** Packets to and from these are left alone in any case. */
  readonly spared: readonly string[];
  /** Interfaces behind which datagrams vanish without their sender being told, as on a line that is cut. Default: none. */
  readonly quietAt?: readonly string[];
}

/** Shares are kept to so many parts. */
const parts = 1_000_000;

/** The name of the table of one fault; that of another agent or fault is another. */
export function tableName(owner: string, fault: string): string {
  return `postern_fault_${createHash('sha256').update(`${owner} ${fault}`).digest('hex').slice(0, 16)}`;
}

/** What marks datagrams that vanish behind an interface: "post". No other mark is this one but by chance. */
const mark = '0x706f7374';

/**
 * A table that disturbs, in place of an earlier one. All that it does hangs on elements that the kernel removes in time, so
 * that it needs nobody to end. Loopback is left alone, and so is ICMPv6 by which IPv6 finds its neighbours.
 */
export function tableText(table: string, disturbance: Disturbance, leaseMs: number): string {
  const { does, direction, quietAt = [] } = disturbance;
  const chain = (name: string, hook: 'output' | 'input', device: string, far: 'saddr' | 'daddr'): string => `
  chain ${name} {
    type filter hook ${hook} priority -10; policy accept;
    ${device} "lo" accept
    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
    ip ${far} @spared4 accept
    ip6 ${far} @spared6 accept
    ip ${far} @hit4 jump acting
    ip6 ${far} @hit6 jump acting
    meta nfproto @families jump acting
  }`;
  return `${removal(table, quietAt.length > 0)}table inet ${table} {
  set hit4 { type ipv4_addr; flags timeout; }
  set hit6 { type ipv6_addr; flags timeout; }
  set families { type nf_proto; flags timeout; }
  set spared4 { type ipv4_addr; }
  set spared6 { type ipv6_addr; }
  chain gone {
    ${[...quietRules(quietAt), 'counter drop'].join('\n    ')}
  }
  chain acting {
    ${rulesOf(does).join('\n    ')}
  }${direction === 'in' ? '' : chain('leaving', 'output', 'oifname', 'daddr')}${
    direction === 'out' ? '' : chain('coming', 'input', 'iifname', 'saddr')
  }
}
${quietTable(table, quietAt)}${elementsText(table, disturbance, leaseMs)}`;
}

/** Removes a table of ours, whether it is there or not; and what goes with one that lets datagrams vanish. */
export function removal(table: string, isQuiet: boolean): string {
  const families = isQuiet ? ['inet', 'netdev'] : ['inet'];
  return families.map((family) => `add table ${family} ${table}\ndelete table ${family} ${table}\n`).join('');
}

/** The kernel tells who sends a datagram that a rule for what leaves drops (EPERM); what is dropped at the interface it does not. */
function quietRules(quietAt: readonly string[]): string[] {
  if (quietAt.length === 0) return [];
  return [`meta l4proto udp oifname { ${names(quietAt)} } meta mark set ${mark} counter accept`];
}

function quietTable(table: string, quietAt: readonly string[]): string {
  if (quietAt.length === 0) return '';
  return `table netdev ${table} {
  chain vanishing {
    type filter hook egress devices = { ${names(quietAt)} } priority 0; policy accept;
    meta mark ${mark} drop
  }
}
`;
}

function names(devices: readonly string[]): string {
  return devices.map((device) => `"${device}"`).join(', ');
}

/** Makes it last `leaseMs` from now on. An element that is there would keep its time: all are removed first. */
export function renewalText(table: string, disturbance: Disturbance, leaseMs: number): string {
  const sets = ['hit4', 'hit6', 'families', 'spared4', 'spared6'];
  return `${sets.map((set) => `flush set inet ${table} ${set}`).join('\n')}
${elementsText(table, disturbance, leaseMs)}`;
}

function rulesOf(does: Disturbance['does']): string[] {
  if (does === 'drop') return ['jump gone'];
  // The kernel's own resets go this way too, and must come through.
  if (does === 'reset') {
    return ['tcp flags & rst == rst accept', 'meta l4proto tcp counter reject with tcp reset', 'jump gone'];
  }
  const share = Math.max(1, Math.round(does.dropsShare * parts));
  // A lot is at most one less than there are parts.
  return share >= parts ? ['jump gone'] : [`numgen random mod ${parts} < ${share} jump gone`];
}

function elementsText(table: string, { hit, spared }: Disturbance, leaseMs: number): string {
  const timeout = ` timeout ${Math.max(1, Math.round(leaseMs))}ms`;
  const add = (set: string, element: string) => `add element inet ${table} ${set} { ${element} }`;
  const family = (address: string) => (isIPv6(address) ? 6 : 4);
  const lines = [...new Set(spared)].map((address) => add(`spared${family(address)}`, address));
  if (hit === undefined) lines.push(add('families', `ipv4${timeout}, ipv6${timeout}`));
  for (const address of new Set(hit)) lines.push(add(`hit${family(address)}`, `${address}${timeout}`));
  return `${lines.join('\n')}\n`;
}

const listing = z.object({
  nftables: z.array(
    z.object({
      rule: z
        .object({ expr: z.array(z.object({ counter: z.object({ packets: z.number() }).optional() })) })
        .optional(),
    }),
  ),
});

/** How many packets a table has dropped, of what `nft -j list table` prints. */
export function droppedOf(json: string): number {
  const { nftables } = listing.parse(JSON.parse(json));
  const counted = nftables
    .flatMap(({ rule }) => rule?.expr ?? [])
    .map(({ counter }) => counter?.packets ?? 0);
  return counted.reduce((sum, packets) => sum + packets, 0);
}
