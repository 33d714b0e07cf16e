import { z } from 'zod';
import { PosternError } from '../errors.js';
import { hubConfig } from '../hub/config.js';
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

function readCount(value: unknown): number {
  const text = String(value);
  if (!/^\d{1,7}$/.test(text))
    throw new PosternError('COUNT_INVALID', `'${text}' is no count`, { exitCode: 2 });
  return Number(text);
}
