import type { OptionSpec } from '../command-spec.js';

/** What an agent with a daemon is told for faults of it. */
export const daemonFaultOptions: readonly OptionSpec[] = [
  {
    name: 'daemon-relay',
    kind: 'list',
    value: 'RELAY',
    summary:
      "lead a way between daemons through the agent, so that faults act on it without the kernel: [NODE@][tcp:|udp:]LISTEN=TARGET; with NODE this daemon's way to that node's, without it others' way to this daemon; may be repeated",
  },
  {
    name: 'daemon-address',
    kind: 'list',
    value: 'IP',
    summary:
      "where other nodes find this machine, for faults between nodes (default: the machine's own); may be repeated",
  },
  {
    name: 'longest-fault',
    kind: 'duration',
    summary: 'no fault may last longer here, 1h at most (default: 1h)',
  },
];
