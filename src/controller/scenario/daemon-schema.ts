import { z } from 'zod';
import { duration, shown } from './quantities.js';
import { daemonRoles } from './scenario.js';

/** What the reference daemon can do wrong on purpose. */
export const misdeeds = [
  'lose',
  'double',
  'reorder',
  'corrupt',
  'crash-before-write',
  'crash-torn-write',
  'crash-after-write',
] as const;

const oddsHelp = "is neither N, for one in N, nor '@N', for the Nth only";
const odds = z
  .union(
    [
      z.int(oddsHelp).min(1, oddsHelp).max(999_999_999, oddsHelp),
      z.string().regex(/^@?[1-9]\d{0,8}$/, oddsHelp),
    ],
    { error: (issue) => `${shown(issue.input)} ${oddsHelp}` },
  )
  .optional();

const seconds = { leastMs: 10, mostMs: 3_600_000 };
const names = z
  .union([z.string().transform((one) => [one]), z.array(z.string())], {
    error: 'must be a name, or a list of names',
  })
  .optional();

/** How reference daemons are started. */
export const daemonSchema = z.strictObject({
  role: z
    .enum(daemonRoles, { error: `must be one of ${daemonRoles.join(', ')}` })
    .optional()
    .describe('What it is to others (default: peer); only peers are in groups'),
  acknowledge: z.boolean().optional().describe("Acknowledge each message, as Berty's messenger does"),
  min_backoff: duration(seconds).optional().describe('How soon a lost peer is tried again at first'),
  max_backoff: duration(seconds).optional().describe('How late a lost peer is tried again at last'),
  idle: duration({ leastMs: 100, mostMs: 3_600_000 }).optional().describe('How long a peer may be silent'),
  sync: duration({ leastMs: 50, mostMs: 3_600_000 })
    .optional()
    .describe('How often peers tell each other all that they have'),
  misbehave: z
    .strictObject(Object.fromEntries(misdeeds.map((misdeed) => [misdeed, odds])))
    .optional()
    .describe("Go wrong on purpose: {lose: 50} one in 50, {lose: '@7'} the seventh only"),
  peers: names.describe('Entries or nodes that it is told of (default: a peer is told of all peers)'),
  rdvp: names.describe('The same of rendezvous points (default: all of that role)'),
  relay: names.describe('The same of relays'),
  bootstrap: names.describe('The same of bootstraps'),
});
export type DaemonWish = z.output<typeof daemonSchema>;
