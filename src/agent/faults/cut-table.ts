import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { z } from 'zod';

/** What is dropped: what goes to and comes from the hub, or everything else but loopback. */
export type CutScope = 'hub' | 'peers';

/** The name of the table of one fault; that of another agent or fault is another. */
export function tableName(owner: string, fault: string): string {
  return `postern_fault_${createHash('sha256').update(`${owner} ${fault}`).digest('hex').slice(0, 16)}`;
}

/**
 * A table that cuts, in place of an earlier one. All that it drops hangs on elements that the kernel removes in time, so
 * that it needs nobody to end. IPv6 finds its neighbours by ICMPv6, which a cut from peers leaves alone.
 */
export function tableText(
  table: string,
  scope: CutScope,
  addresses: readonly string[],
  leaseMs: number,
): string {
  const rules = (way: 'saddr' | 'daddr'): string =>
    scope === 'hub'
      ? `    ip ${way} @hub4 counter drop
    ip6 ${way} @hub6 counter drop`
      : `    ip ${way} @hub4 accept
    ip6 ${way} @hub6 accept
    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
    meta nfproto @families counter drop`;
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  set hub4 { type ipv4_addr; flags timeout; }
  set hub6 { type ipv6_addr; flags timeout; }
  set families { type nf_proto; flags timeout; }
  chain leaving {
    type filter hook output priority -10; policy accept;
    oifname "lo" accept
${rules('daddr')}
  }
  chain coming {
    type filter hook input priority -10; policy accept;
    iifname "lo" accept
${rules('saddr')}
  }
}
${elementsText(table, scope, addresses, leaseMs)}`;
}

/** Makes the cut last `leaseMs` from now on. An element that is there would keep its time: all are removed first. */
export function renewalText(
  table: string,
  scope: CutScope,
  addresses: readonly string[],
  leaseMs: number,
): string {
  const sets = ['hub4', 'hub6', 'families'];
  return `${sets.map((set) => `flush set inet ${table} ${set}`).join('\n')}
${elementsText(table, scope, addresses, leaseMs)}`;
}

function elementsText(table: string, scope: CutScope, addresses: readonly string[], leaseMs: number): string {
  const timeout = ` timeout ${Math.max(1, Math.round(leaseMs))}ms`;
  // What a cut from peers spares is spared as long as there is the table.
  const ofHub = scope === 'hub' ? timeout : '';
  const lines = addresses.map(
    (address) => `add element inet ${table} ${isIPv6(address) ? 'hub6' : 'hub4'} { ${address}${ofHub} }`,
  );
  if (scope === 'peers') {
    lines.push(`add element inet ${table} families { ipv4${timeout}, ipv6${timeout} }`);
  }
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
