import { z } from 'zod';
import { byteSizeHelp, parseByteSize } from '../byte-size.js';
import type { HubConfigInput } from '../hub/config.js';
import { s3Config } from '../hub/logs/config.js';
import { seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

const size = z.union([z.string(), z.number()]).transform((given, context) => {
  const bytes = parseByteSize(String(given));
  if (bytes !== undefined && bytes > 0) return bytes;
  context.addIssue({ code: 'custom', message: `'${given}' is not ${byteSizeHelp}` });
  return z.NEVER;
});

/** What becomes of the log files that agents bring, as a `--config` file writes it. */
export const logSettings = {
  logs: z
    .strictObject({
      file: size.optional(),
      upload: size.optional(),
      node: size.optional(),
      total: size.optional(),
      keep: seconds({ least: 1, most: 3650 * 86_400 }).optional(),
      url: z.url({ protocol: /^https?$/, error: 'must be a URL: https://HOST[:PORT]' }).optional(),
      s3: s3Config.optional(),
    })
    .optional(),
};

export const logBindings: readonly Binding[] = [
  { option: 'logs-total', key: ['logs', 'total'] },
  { option: 'logs-keep', key: ['logs', 'keep'] },
  { option: 'logs-url', key: ['logs', 'url'] },
  { option: 'logs-s3-bucket', key: ['logs', 's3', 'bucket'] },
  { option: 'logs-s3-region', key: ['logs', 's3', 'region'] },
  { option: 'logs-s3-endpoint', key: ['logs', 's3', 'endpoint'] },
  { option: 'logs-s3-path-style', key: ['logs', 's3', 'pathStyle'] },
  { option: 'logs-s3-prefix', key: ['logs', 's3', 'prefix'] },
];

const shape = z.object(logSettings);

/** The hub role's own configuration of them. */
export function logsConfigOf({ logs }: z.infer<typeof shape>): NonNullable<HubConfigInput['logs']> {
  const { file, upload, node, total, keep, url, s3 } = logs ?? {};
  return {
    ...(file !== undefined && { fileBytes: file }),
    ...(upload !== undefined && { uploadBytes: upload }),
    ...(node !== undefined && { nodeBytes: node }),
    ...(total !== undefined && { bytes: total }),
    ...(keep !== undefined && { keepSeconds: keep }),
    ...(url !== undefined && { url }),
    ...(s3 && { s3 }),
  };
}
