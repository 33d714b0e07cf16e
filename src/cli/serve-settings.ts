import { z } from 'zod';
import { tunnelUrl } from '../client/tunnel/tunnel-url.js';

import { parseAddress } from '../wire/address.js';
import { checkedBy, logLevel, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

/** What `postern serve` can be told, as a `--config` file writes it. */
export const serveSettings = z.strictObject({
  /** Where the gRPC server listens. */
  to: z
    .array(checkedBy((text) => parseAddress(text)))
    .length(1, 'a tunnel leads to one server')
    .default(['127.0.0.1:50051']),
  /** Where hubs take tunnels, tried in order. */
  hubUri: z
    .preprocess(
      (given) => (typeof given === 'string' ? [given] : given),
      z.array(checkedBy(tunnelUrl)).min(1),
    )
    .optional(),
  /** File with the authorities to trust instead of the system's. */
  hubCa: z.string().min(1).optional(),
  tlsInsecureSkipVerify: z.boolean().default(false),
  share: z.boolean().default(false),
  /** Join token; needed once. */
  token: z.string().min(1).optional(),
  /** File with the join token. */
  tokenFile: z.string().min(1).optional(),
  data: z.string().min(1).optional(),
  connectTimeout: seconds({ least: 0.1, most: 300 }).default(10),
  drain: seconds({ least: 0, most: 3600 }).default(30),
  logLevel,
});
export type ServeSettings = z.infer<typeof serveSettings>;

export const serveBindings: readonly Binding[] = [
  { option: 'to', key: ['to'] },
  { option: 'hub-uri', key: ['hubUri'] },
  { option: 'hub-ca', key: ['hubCa'] },
  { option: 'tls-insecure-skip-verify', key: ['tlsInsecureSkipVerify'] },
  { option: 'share', key: ['share'] },
  { option: 'token', key: ['token'] },
  { option: 'token-file', key: ['tokenFile'] },
  { option: 'data', key: ['data'] },
  { option: 'connect-timeout', key: ['connectTimeout'] },
  { option: 'drain', key: ['drain'] },
  { option: 'log-level', key: ['logLevel'] },
];
