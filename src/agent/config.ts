import { z } from 'zod';
import { hello, nodeName } from '../bus/messages.js';
import { errorText, PosternError } from '../errors.js';
import { longestFaultMs, shortestFaultMs } from '../fault-kinds.js';
import { parseAddress } from '../wire/address.js';
import { infraConfig } from './infra/config.js';
import { parseRelays } from './relay-spec.js';
import { processConfig } from './supervise/config.js';
import { parseUpstreams } from './upstream-spec.js';

/** The upstreams as text, checked. */
const upstreams = z
  .array(z.string())
  .max(64)
  .superRefine((texts, context) => {
    try {
      parseUpstreams(texts);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      context.addIssue({ code: 'custom', message: thrown.message });
    }
  });

/** The relays between daemons as text, checked. */
const relays = z
  .array(z.string())
  .max(256)
  .superRefine((texts, context) => {
    try {
      parseRelays(texts);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      context.addIssue({ code: 'custom', message: errorText(thrown) });
    }
  });

/** An address as text, checked. */
const address = z.string().superRefine((text, context) => {
  try {
    parseAddress(text);
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    context.addIssue({ code: 'custom', message: thrown.message });
  }
});

/** What is told of an agent that has nothing to serve. */
export const nothingToServe = 'say where the gRPC server listens';

const settings = z.strictObject({
  /** Name of the node that it serves. */
  node: nodeName,
  /**
   * Where the local gRPC servers listen: `[PREFIX=]ADDRESS` with `HOST:PORT`, `unix:PATH` or `tls://HOST:PORT`. The
   * longest prefix that a call's `package.Service/Method` starts with decides. None is needed beside a process.
   */
  to: upstreams.default([]),
  /** The process that it supervises and serves as `external.Fluentd`. */
  process: processConfig.optional(),
  /** Where the gRPC of the daemon listens that tests run on, `HOST:PORT`: a Berty daemon, or what speaks as one. */
  daemon: address.optional(),
  /** Daemons that `ConnectToPeer` may name beside that one and those on loopback: `HOST:PORT`. */
  infraDaemons: z.array(address).max(64).default([]),
  /** Token servers that `AddReplication` may name beside those on loopback and at their usual ports: `HOST:PORT`. */
  infraTokenServers: z.array(address).max(64).default([]),
  /** Ways between daemons that the agent leads through itself, for faults: `[NODE@][tcp:|udp:]LISTEN=TARGET`. */
  daemonRelays: relays.default([]),
  /** IP addresses at which other nodes find this machine; none: its own. */
  daemonAddresses: z
    .array(z.union([z.ipv4(), z.ipv6()], 'is no IP address'))
    .max(16)
    .default([]),
  /** The longest that a fault may last, in seconds. */
  longestFaultSeconds: z
    .number()
    .min(shortestFaultMs / 1_000)
    .max(longestFaultMs / 1_000, 'a fault lasts an hour at most')
    .default(longestFaultMs / 1_000),
  /** What the draws of outages by lot follow from; left out: each setting makes one of its own. */
  reliabilitySeed: z.string().min(1).max(128).optional(),
  /** Where controllers of before are served, beside a daemon; absent: nowhere but behind the hub. */
  infra: infraConfig.optional(),
  /** TLS towards the upstreams that are written `tls://…`; files are PEM. */
  toTls: z
    .strictObject({
      /** File with the authorities to trust instead of the system's. */
      ca: z.string().min(1).optional(),
      /** File with the agent's own certificate. */
      cert: z.string().min(1).optional(),
      /** File with the key of that certificate. */
      key: z.string().min(1).optional(),
      /** Name that the server's certificate must have, where it differs from the host. */
      serverName: z.string().min(1).optional(),
      /** Takes any certificate. */
      insecure: z.boolean().default(false),
    })
    .refine(
      (tls) => (tls.cert === undefined) === (tls.key === undefined),
      'a certificate and its key are given together (--to-cert and --to-key)',
    )
    .optional(),
  /** Where connections are forwarded to, beside the servers of `to`: `HOST:PORT` or `unix:PATH`. */
  forward: z.array(address).max(256).default([]),
  /** Directories with log files, and log files, that callers may read: `[NAME=]PATH`. */
  logs: z.array(z.string().min(1)).max(64).default([]),
  /** What people shall see beside the node's name. */
  labels: hello.shape.labels.default({}),
  /** Other instances may serve the node at the same time. */
  share: z.boolean().default(false),
  /** Front door of a hub, where the agent enrols. */
  hub: z
    .url({ protocol: /^https?$/, error: 'must be a URL: http://HOST:PORT' })
    .default('http://127.0.0.1:8080'),
  /** Whom to trust on the way to the hub, where it is `https`. */
  hubTls: z
    .strictObject({
      /** File with the authorities to trust instead of the system's. */
      ca: z.string().min(1).optional(),
      /** Takes any certificate. */
      insecure: z.boolean().default(false),
    })
    .optional(),
  /** Join token; needed once, to bind this agent's key to the node's name. */
  token: z.string().min(1).optional(),
  /** URLs of the bus, tried in order, instead of those that the hub tells. */
  nats: z.array(z.url({ protocol: /^(nats|tls)$/, error: 'must be a URL: nats://HOST:PORT' })).default([]),
  /** Data directory; the agent's key is kept in `agent/<node>/` in it. */
  data: z.string().min(1),
  /** The longest that a connection to the hub, the bus or an upstream may take, in seconds. */
  connectTimeoutSeconds: z.number().positive().max(300).default(10),
  /** Address of `/metrics`, '' for none. */
  metricsListen: z.string().default(''),
  /** How long `stop` waits for open calls, in seconds. */
  drainSeconds: z.number().nonnegative().max(3600).default(30),
});

/** What an agent can be told. */
export const agentConfig = settings
  .refine(
    ({ to, process, daemon, logs }) =>
      to.length > 0 || process !== undefined || daemon !== undefined || logs.length > 0,
    { path: ['to'], error: nothingToServe },
  )
  .refine(({ daemon, daemonRelays }) => daemon !== undefined || daemonRelays.length === 0, {
    path: ['daemonRelays'],
    error: 'relays between daemons are for an agent that has one: say where its gRPC listens (--daemon)',
  });
export type AgentConfig = z.infer<typeof agentConfig>;
/** What may be left out is. */
export type AgentConfigInput = z.input<typeof agentConfig>;
