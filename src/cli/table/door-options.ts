import type { OptionSpec } from '../command-spec.js';

/** Options of whom a hub believes to speak for others, and how much clients and nodes may take. */
export const doorOptions = [
  {
    name: 'trusted-proxy',
    kind: 'list',
    value: 'NETWORK',
    summary:
      "address or network, such as 10.1.0.0/16, of proxies that say whom they speak for (PROXY protocol, X-Forwarded-For, Forwarded); 'unix' for unix sockets; may be repeated (default: none)",
  },
  {
    name: 'max-connections-per-address',
    kind: 'text',
    value: 'COUNT',
    default: '2000',
    summary: 'open connections that one client may have, by its IPv4 address or /64 network of IPv6',
  },
  {
    name: 'node-bandwidth',
    kind: 'list',
    value: '[NODES=]SIZE',
    separator: ';',
    summary:
      "bytes per second that all calls and forwards of a node may pass together, each way, at this hub: 10MB for every node, 'edge-*=1MB' or 'site=berlin=1MB' for some; may be repeated, the first that fits counts (default: no limit)",
  },
] satisfies OptionSpec[];
