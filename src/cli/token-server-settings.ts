import { z } from 'zod';
import { parseService } from '../accounts/token-server/config.js';
import { PosternError } from '../errors.js';
import { parseAddress } from '../wire/address.js';
import { checkedBy, logLevel, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

const tcpAddress = checkedBy((text) => {
  if ('path' in parseAddress(text, 'listen'))
    throw new PosternError('ADDRESS_INVALID', `'${text}' is not HOST:PORT`);
});
const clientId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'an id is up to 128 signs of ASCII without blanks');

/** What `postern token-server` can be told, as a `--config` file writes it. */
export const tokenServerSettings = z
  .strictObject({
    listen: z.array(tcpAddress).length(1, 'it listens at one address').default(['127.0.0.1:8091']),
    service: z.array(checkedBy(parseService)).min(1).max(64),
    client: z.array(clientId).min(1).max(64).default(['berty']),
    signingKey: z.string().min(1).optional(),
    noClick: z.boolean().default(false),
    tokenLife: seconds({ least: 1, most: 3_660 * 86_400 }).default(30 * 86_400),
    tlsCertFile: z.string().min(1).optional(),
    tlsKeyFile: z.string().min(1).optional(),
    data: z.string().min(1).optional(),
    logLevel,
  })
  .refine(({ tlsCertFile, tlsKeyFile }) => (tlsCertFile === undefined) === (tlsKeyFile === undefined), {
    error: '--tls-cert-file and --tls-key-file go together',
  });
export type TokenServerSettings = z.infer<typeof tokenServerSettings>;

export const tokenServerBindings: readonly Binding[] = [
  { option: 'listen', key: ['listen'] },
  { option: 'service', key: ['service'] },
  { option: 'client', key: ['client'] },
  { option: 'signing-key', key: ['signingKey'] },
  { option: 'no-click', key: ['noClick'] },
  { option: 'token-life', key: ['tokenLife'] },
  { option: 'tls-cert-file', key: ['tlsCertFile'] },
  { option: 'tls-key-file', key: ['tlsKeyFile'] },
  { option: 'data', key: ['data'] },
  { option: 'log-level', key: ['logLevel'] },
];
