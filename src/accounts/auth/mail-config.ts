import { z } from 'zod';
import { isNetwork } from '../../wire/networks.js';

const host = z.string().min(1).max(253);
const address = z.string().min(3).max(254);

/** By which server codes are mailed to users. */
const sending = z.strictObject({
  by: z.literal('us'),
  host,
  port: z.number().int().min(1).max(65_535).default(587),
  /** Sender of the mails. */
  from: address,
  user: z.string().min(1).max(254).optional(),
  /** File with the password. */
  passwordFile: z.string().min(1).optional(),
  /** `starttls`: demanded before anything is said; `tls`: from the first byte; `off`: in the clear, for a server on this machine. */
  security: z.enum(['starttls', 'tls', 'off']).default('starttls'),
  /** Authorities to trust, a PEM file; absent: the system's. */
  ca: z.string().min(1).optional(),
  /** Tests only: whoever asks for a code gets it, and so any address. */
  codesInAnswersForTests: z.boolean().default(false),
});

/** Where users mail their codes to. */
const receiving = z.strictObject({
  by: z.literal('user'),
  /** Where mails come in, HOST:PORT. */
  listen: z.string().min(1).default('127.0.0.1:25'),
  /** The address that users are told to mail to; mails to others are refused. */
  to: address,
  /** Name of this server in its greeting. */
  name: host.default('localhost'),
  /**
   * What proves the sender. `dmarc`: the domain of From has a DMARC policy, and SPF or DKIM passes as that demands. `aligned`:
   * SPF or DKIM passes for exactly that domain, whether it has a policy or not. `none`: nothing; whoever can send a mail owns any
   * account.
   */
  check: z.enum(['dmarc', 'aligned', 'none']).default('dmarc'),
  /** Mail servers in front of this one, as addresses or networks: SPF is about who has sent it to them. */
  relays: z
    .array(z.string().max(64).refine(isNetwork, 'is neither an address nor a network'))
    .max(64)
    .default([]),
  /** DNS servers to ask, ADDRESS or ADDRESS:PORT; absent: the system's. */
  dns: z.array(z.string().min(2).max(64)).min(1).max(8).optional(),
  /** Certificate and key for STARTTLS, PEM files. */
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
});

/** Tests only: codes are not mailed at all, and whoever asks for one gets it, and so any address. */
const none = z.strictObject({ by: z.literal('nobody'), codesInAnswersForTests: z.literal(true) });

/** Which way codes go. */
export const mailSettings = z.discriminatedUnion('by', [sending, receiving, none]);
export type MailSettings = z.infer<typeof mailSettings>;
export type SendingSettings = z.infer<typeof sending>;
export type ReceivingSettings = z.infer<typeof receiving>;
