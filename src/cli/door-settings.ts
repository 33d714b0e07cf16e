import { z } from 'zod';
import { byteSizeHelp, parseByteSize } from '../byte-size.js';
import { PosternError } from '../errors.js';
import { hubConfig } from '../hub/config.js';
import { nodeBandwidthRule } from '../hub/limits/node-bandwidth.js';
import type { Binding } from './settings.js';

const { connectionsPerAddress, perCaller } = hubConfig.shape.limits.unwrap().shape;

/** A number of bytes, also as text: `10MB`. */
const byteSize = z.union([z.string(), z.number()]).transform((given, context) => {
  const bytes = parseByteSize(String(given));
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: `'${given}' is not ${byteSizeHelp}` });
  return z.NEVER;
});

/** Whom a hub believes to speak for others, and how much clients, callers and nodes may take. */
export const doorSettings = {
  trustedProxies: hubConfig.shape.trustedProxies.unwrap().optional(),
  limits: z
    .strictObject({
      connectionsPerAddress,
      perCaller,
      perNode: z
        .array(
          nodeBandwidthRule.extend({
            bytesPerSecond: byteSize.pipe(nodeBandwidthRule.shape.bytesPerSecond),
          }),
        )
        .max(1_000)
        .default([]),
    })
    .optional(),
};

export const doorBindings: readonly Binding[] = [
  { option: 'trusted-proxy', key: ['trustedProxies'] },
  { option: 'max-connections-per-address', key: ['limits', 'connectionsPerAddress'], read: readCount },
  { option: 'node-bandwidth', key: ['limits', 'perNode'], read: readBandwidths },
];

/** `SIZE` or `NODES=SIZE` as rules; labels hold `=` too. */
function readBandwidths(value: unknown): unknown {
  return (Array.isArray(value) ? value.map(String) : []).map((text) => {
    const at = text.lastIndexOf('=');
    const size = text.slice(at + 1);
    const bytesPerSecond = parseByteSize(size);
    const rule = nodeBandwidthRule.safeParse({
      ...(at < 0 ? {} : { nodes: [text.slice(0, at)] }),
      bytesPerSecond,
    });
    if (rule.success) return rule.data;
    const why =
      bytesPerSecond === undefined ? `'${size}' is not ${byteSizeHelp}` : rule.error.issues[0]?.message;
    throw new PosternError('BANDWIDTH_INVALID', `'${text}' is not of the form [NODES=]SIZE: ${why}`, {
      exitCode: 2,
    });
  });
}

function readCount(value: unknown): number {
  const text = String(value);
  if (!/^\d{1,7}$/.test(text))
    throw new PosternError('COUNT_INVALID', `'${text}' is no count`, { exitCode: 2 });
  return Number(text);
}
