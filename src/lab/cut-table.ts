import { hubAddress } from './hosts.js';

/** Name of the table with all cuts of a lab, in the namespace where all lines meet. */
export const cutTableName = 'cuts';

/** Sets of machines' addresses, by whom they are cut from and in which direction they themselves would send. */
export const cutSets = ['hub_out', 'hub_in', 'peers_out', 'peers_in'] as const;
/** The set of pairs `from . to` that are cut from each other. */
export const pairSet = 'pairs';

/**
 * The table. Elements have time-outs, so the kernel itself ends a cut in time, and counters, which tell that it acted.
 * A packet that a cut hits is dropped without a word, so whoever sent it tries again, as on a line that is down.
 */
export const cutTable = `table ip ${cutTableName} {
${cutSets.map((name) => `  set ${name} { type ipv4_addr\n    flags timeout\n    counter\n  }`).join('\n')}
  set ${pairSet} { type ipv4_addr . ipv4_addr\n    flags timeout\n    counter\n  }
  chain passing {
    type filter hook forward priority filter; policy accept;
    ip saddr . ip daddr @${pairSet} drop
    ip daddr ${hubAddress} ip saddr @hub_out drop
    ip saddr ${hubAddress} ip daddr @hub_in drop
    ip daddr != ${hubAddress} ip saddr @peers_out drop
    ip saddr != ${hubAddress} ip daddr @peers_in drop
  }
}`;
