import { z } from 'zod';
import { PosternError } from '../errors.js';
import { hubConfig } from '../hub/config.js';
import type { OptionSpec } from './command-spec.js';
import type { Binding } from './settings.js';

/** Whom a hub believes to speak for others, and how many connections a client may have. */
export const doorSettings = {
  trustedProxies: hubConfig.shape.trustedProxies.unwrap().optional(),
  limits: z
    .strictObject({ connectionsPerAddress: hubConfig.shape.limits.unwrap().shape.connectionsPerAddress })
    .optional(),
};

export const doorBindings: readonly Binding[] = [
  { option: 'trusted-proxy', key: ['trustedProxies'] },
  { option: 'max-connections-per-address', key: ['limits', 'connectionsPerAddress'], read: readCount },
];

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
] satisfies OptionSpec[];

function readCount(value: unknown): number {
  const text = String(value);
  if (!/^\d{1,7}$/.test(text))
    throw new PosternError('COUNT_INVALID', `'${text}' is no count`, { exitCode: 2 });
  return Number(text);
}
