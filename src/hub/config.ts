import { z } from 'zod';
import { issuerConfig } from '../auth/issuers.js';
import { limitsClaim } from '../auth/limits.js';
import { nodeName } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { isOriginPattern } from '../wire/cors.js';
import { isNetwork } from '../wire/networks.js';
import { nodeBandwidthRule } from './limits/node-bandwidth.js';
import { logsConfig } from './logs/config.js';
import { routeRows } from './routes/row.js';
import { webhook } from './webhooks/config.js';

export { type Route, route } from './routes/row.js';

const network = z.string().refine(isNetwork, 'is neither an address nor a network such as 10.1.0.0/16');

/** A node that may open tunnels without any secret, and from where. */
const legacyGrant = z.strictObject({
  node: nodeName,
  /** Addresses, or networks such as `10.1.0.0/16`. */
  from: z.array(network).min(1),
});

const certificateHost = z.string().regex(/^(\*\.)?[^*:/\s]+$/, 'is not a host name, or *. with one');

/** A certificate for some host names. */
export const certificate = z.strictObject({
  /** Names that get it, `*.` in front for those one label below; absent: those that it is made for. */
  hosts: z.array(certificateHost).min(1).optional(),
  /** Files in PEM. */
  cert: z.string().min(1),
  key: z.string().min(1),
});

/** What a hub can be told. */
export const hubConfig = z.strictObject({
  /** Addresses to listen at: `HOST:PORT`, `:PORT` or `unix:/PATH`. */
  listen: z.array(z.string()).min(1).default(['127.0.0.1:8080', '127.0.0.1:9090']),
  /** Files of the listeners' certificate, PEM; absent: no TLS. */
  tls: z
    .strictObject({
      /** As in `certificate`, of the first. */
      hosts: z.array(certificateHost).min(1).optional(),
      cert: z.string().min(1),
      key: z.string().min(1),
      /** Clients have to show a certificate of one of the authorities in this file. */
      clientCa: z.string().min(1).optional(),
      /** Further certificates; who asks for none of their names gets the first. */
      more: z.array(certificate).max(1_000).default([]),
    })
    .optional(),
  /** Proxies that are believed when they say for whom they speak: addresses, networks, `unix` for unix sockets. */
  trustedProxies: z.array(z.union([z.literal('unix'), network])).default([]),
  limits: z
    .strictObject({
      /** Open connections of one client; absent: as `FrontLimits` has it. */
      connectionsPerAddress: z.number().int().min(1).max(1_000_000).optional(),
      /** What each caller may take, whatever its token says. */
      perCaller: limitsClaim.default({}),
      /** What each node may pass at this hub; the first rule that fits counts. */
      perNode: z.array(nodeBandwidthRule).max(1_000).default([]),
    })
    .default({ perCaller: {}, perNode: [] }),
  /** Which web pages of other origins may call by gRPC-web. */
  cors: z
    .strictObject({
      /** `https://app.example.org`, `https://*.example.org` (any name below it), or `*` for all. */
      origins: z
        .array(
          z.string().toLowerCase().refine(isOriginPattern, 'is no origin such as https://app.example.org'),
        )
        .default([]),
      /** How long browsers may keep the answer to a preflight, in seconds; they keep it for two hours at most. */
      maxAgeSeconds: z.number().int().min(0).max(86_400).default(600),
    })
    .default({ origins: [], maxAgeSeconds: 600 }),
  /** `NODE.<domain>` is routed to the node. */
  domain: z.string().min(1).toLowerCase().optional(),
  /** The most specific row that fits decides, where a call names no node. */
  routes: routeRows.default([]),
  /** Where the routes come from, for those who look: a file, an option. */
  routesFrom: z.string().default(''),
  /** Address of `/metrics`, '' for none. */
  metricsListen: z.string().default('127.0.0.1:9464'),
  /** Data directory: `keys/` and `tokens/` in it are read and made. */
  data: z.string().min(1),
  /** URLs of the bus that enrolling agents are told. */
  natsAdvertise: z.array(z.string().min(1)).default([]),
  /** Others whose tokens are taken, beside the hub's own. */
  issuers: z
    .array(issuerConfig)
    .max(16)
    .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'an issuer is named twice')
    .default([]),
  /** Nodes that may open a tunnel without any secret, from some addresses; for programs that can show none. */
  legacyTunnels: z.array(legacyGrant).default([]),
  /** Who is told by HTTP what becomes of nodes. */
  webhooks: z.array(webhook).max(32).default([]),
  /** What becomes of the log files that agents bring. */
  logs: logsConfig.prefault({}),
  /** Bound for a server behind a tunnel to be ready for calls, in seconds. */
  tunnelConnectSeconds: z.number().positive().max(300).default(10),
  /** How often a tunnel is asked whether it lives, in seconds; three silent rounds end it. */
  tunnelPingSeconds: z.number().positive().max(60).default(5),
  /** URLs of NATS servers that `/nats` leads to, tried in order; none: there is no `/nats`. */
  natsPipe: z.array(z.string().min(1)).default([]),
  /** Life of an agent's bus credentials, in seconds. */
  credentialTtlSeconds: z.number().int().min(10).default(86_400),
  /** How long `stop` waits for open calls, in seconds. */
  drainSeconds: z.number().nonnegative().default(30),
});
export type HubConfig = z.infer<typeof hubConfig>;
/** What may be left out is. */
export type HubConfigInput = z.input<typeof hubConfig>;

/** Checks a configuration. Throws `PosternError` `CONFIG_INVALID` (exit status 2) with all that is wrong. */
export function readHubConfig(input: HubConfigInput): HubConfig {
  const read = hubConfig.safeParse(input);
  if (read.success) return read.data;
  const message = `the hub's configuration is not valid:\n${z.prettifyError(read.error)}`;
  throw new PosternError('CONFIG_INVALID', message, { exitCode: 2 });
}
