import { z } from 'zod';
import { roles } from '../auth/identity.js';
import { policyClaims } from '../auth/own-claims.js';
import { mailSettings } from './auth/mail-config.js';
import { roomSettings } from './rooms/settings.js';
import { storageSettings } from './storage/settings.js';

/** Addresses to listen on; none: the service has no face here. */
const listen = (address: string) => z.array(z.string().min(1)).max(16).default([address]);
const seconds = (least: number, most: number, otherwise: number) =>
  z.number().min(least).max(most).default(otherwise);
const minute = 60;
const day = 86_400;

/** What the account services can be told. */
export const accountsConfig = z.strictObject({
  /** Where each service has its face. */
  listen: z
    .strictObject({
      rest: listen('127.0.0.1:40051'),
      auth: listen('127.0.0.1:40052'),
      storage: listen('127.0.0.1:40053'),
      rooms: listen('127.0.0.1:40054'),
    })
    .prefault({}),
  /** Names of the hub's routes that lead to them, which its assertions are for. */
  routes: z
    .strictObject({
      auth: z.string().min(1).max(64).default('auth'),
      storage: z.string().min(1).max(64).default('storage'),
      rooms: z.string().min(1).max(64).default('rooms'),
    })
    .prefault({}),
  /** Claims `iss` and `aud` of the tokens. */
  issuer: z.string().min(1).max(512).default('postern-accounts'),
  audience: z.string().min(1).max(512).default('postern'),
  /** What the tokens of accounts may do at hubs. No nodes, where none are named. */
  grant: z
    .strictObject({
      roles: z.array(z.enum(roles)).min(1).max(8).default(['call']),
      nodes: policyClaims.nodes.default([]),
      methods: policyClaims.methods.optional(),
    })
    .prefault({}),
  /** Addresses that are administrators without being promoted. */
  admins: z.array(z.string().min(3).max(254)).max(1_000).default([]),
  tokenSeconds: seconds(minute, day, 15 * minute),
  /** A session that is not gone on with for so long is over. */
  refreshSeconds: seconds(minute, 365 * day, 30 * day),
  codeSeconds: seconds(5, day, 10 * minute),
  /** So many wrong codes of one source for one address, and a new one is needed there. */
  tries: z.number().int().min(1).max(20).default(5),
  /** Codes that are asked for within an hour. */
  pace: z
    .strictObject({
      perAddress: z.number().int().min(1).max(1_000).default(5),
      perSource: z.number().int().min(1).max(1_000).default(50),
    })
    .prefault({}),
  /** Whoever used a token within so long is online. */
  onlineSeconds: seconds(minute, day, 5 * minute),
  mail: mailSettings,
  storage: storageSettings,
  rooms: roomSettings,
});
export type AccountsConfig = z.infer<typeof accountsConfig>;
/** What may be left out is. */
export type AccountsConfigInput = z.input<typeof accountsConfig>;
