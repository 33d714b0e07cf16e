import { z } from 'zod';
import { daemonDialects } from '../daemon/dialect.js';
import { parseMisbehaviour } from '../daemon/misbehave/plan.js';
import { roles } from '../daemon/peer/link.js';
import { parsePeerAddress } from '../daemon/peer/places.js';
import { PosternError } from '../errors.js';
import { parseAddress } from '../wire/address.js';
import { checkedBy, logLevel, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

const peerAddress = checkedBy((text) => parsePeerAddress(text));
const tcpAddress = checkedBy((text) => {
  if ('path' in parseAddress(text, 'listen'))
    throw new PosternError('ADDRESS_INVALID', `'${text}' is not HOST:PORT`);
});
const peerList = z.array(peerAddress).max(256).default([]);

/** What `postern daemon` can be told, as a `--config` file writes it. */
export const daemonSettings = z.strictObject({
  listen: z.array(tcpAddress).length(1, 'it serves gRPC at one address').default(['127.0.0.1:9091']),
  peerListen: z.union([z.literal('off'), tcpAddress]).default('127.0.0.1:0'),
  /** Where others reach it, when that is not where it listens. */
  advertise: z.array(peerAddress).max(7).default([]),
  role: z.enum(roles).default('peer'),
  dialect: z.enum(daemonDialects).default('weshnet.protocol.v1'),
  peer: peerList,
  rdvp: peerList,
  relay: peerList,
  bootstrap: peerList,
  /** Tokens for which a replication server holds groups. */
  acceptToken: z.array(z.string().min(1)).max(1024).default([]),
  /** Keys of token servers for whose tokens it does, too. */
  acceptKey: z.array(z.string().min(1)).max(64).default([]),
  acknowledge: z.boolean().default(false),
  minBackoff: seconds({ least: 0.01, most: 3600 }).default(0.25),
  maxBackoff: seconds({ least: 0.01, most: 3600 }).default(10),
  idle: seconds({ least: 0.1, most: 3600 }).default(15),
  sync: seconds({ least: 0.05, most: 3600 }).default(5),
  misbehave: checkedBy(parseMisbehaviour).default(''),
  seed: z.string().default('0'),
  /** File that tells what was done wrong. */
  truth: z.string().min(1).optional(),
  data: z.string().min(1).optional(),
  logLevel,
});
export type DaemonSettings = z.infer<typeof daemonSettings>;

export const daemonBindings: readonly Binding[] = [
  { option: 'listen', key: ['listen'] },
  { option: 'peer-listen', key: ['peerListen'] },
  { option: 'advertise', key: ['advertise'] },
  { option: 'role', key: ['role'] },
  { option: 'dialect', key: ['dialect'] },
  { option: 'peer', key: ['peer'] },
  { option: 'rdvp', key: ['rdvp'] },
  { option: 'relay', key: ['relay'] },
  { option: 'bootstrap', key: ['bootstrap'] },
  { option: 'accept-token', key: ['acceptToken'] },
  { option: 'accept-key', key: ['acceptKey'] },
  { option: 'acknowledge', key: ['acknowledge'] },
  { option: 'min-backoff', key: ['minBackoff'] },
  { option: 'max-backoff', key: ['maxBackoff'] },
  { option: 'idle', key: ['idle'] },
  { option: 'sync', key: ['sync'] },
  { option: 'misbehave', key: ['misbehave'] },
  { option: 'seed', key: ['seed'] },
  { option: 'truth', key: ['truth'] },
  { option: 'data', key: ['data'] },
  { option: 'log-level', key: ['logLevel'] },
];
