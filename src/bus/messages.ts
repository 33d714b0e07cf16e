import { z } from 'zod';

/** Version of what the hub and agents say to each other; a release speaks with the one before it. */
export const protocolVersion = 1;

/** A node name: one lower-case DNS label, not reserved. */
export const nodeName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'a node name is one lower-case DNS label: letters, digits and dashes, at most 63',
  )
  .refine((name) => name !== 'hub', "the node name 'hub' is reserved");

/** One subject token that we made ourselves: ids of instances, boots, hubs. */
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
/** Text that people are shown: without control characters, which would steer their terminals. */
const shown = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
const publicKey = z.string().regex(/^U[A-Z2-7]{55}$/);
/**
 * Who may serve a node: a public nkey; `token-<id>` for a program without keys, that shows this join token each time;
 * `legacy-<node>` for one without any secret, that the hub was told to let in.
 */
const nodeKey = z.union([publicKey, z.string().regex(/^(token|legacy)-[A-Za-z0-9_-]{1,64}$/)]);
/** How an instance is connected: to NATS itself, to NATS over a hub's WebSocket, or by a tunnel to a hub. */
export const transports = ['nats', 'nats-ws', 'tunnel'] as const;
export type Transport = (typeof transports)[number];
/** What people attach to a node: `zone=cellar`. */
export const labels = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'a label is KEY=VALUE, such as site=berlin'),
  shown(256),
);
export type Labels = z.infer<typeof labels>;

/** How far an instance may be given calls. */
export const standings = ['ready', 'joining', 'draining', 'suspect'] as const;
export type Standing = (typeof standings)[number];

/** An agent asks a hub for a place as an instance of its node. The subject proves node and key. */
export const hello = z.object({
  v: z.literal(protocolVersion),
  /** Version of Postern. */
  version: shown(64),
  /** Optional abilities, for later releases. */
  features: z.array(shown(64)).max(64),
  /** Random id of this start of the process. */
  boot: token,
  /** The instance id that an earlier hello of the same boot was given. */
  instance: token.optional(),
  /** Other instances may serve the node at the same time. */
  share: z.boolean(),
  labels,
  /** Path prefixes that it serves; empty: all. */
  services: z.array(shown(256)).max(64),
  /** How it is connected; absent: to NATS itself. */
  transport: z.enum(transports).optional(),
});
export type Hello = z.infer<typeof hello>;

/** What the hub answers to a hello. */
export const helloAnswer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** Id of the instance: `<epoch>-<random>`. */
    instance: token,
    epoch: z.number().int().positive(),
    /** Instance id of the hub that answered. */
    hub: token,
    /** A hub pings the instance this often. */
    pingIntervalMs: z.number().int().positive(),
  }),
  z.object({
    ok: z.literal(false),
    /** `retry`: ask again later; the others are final. */
    code: z.enum(['retry', 'superseded', 'occupied', 'revoked', 'version']),
    message: z.string().max(512),
  }),
]);
export type HelloAnswer = z.infer<typeof helloAnswer>;

/** An instance tells that it leaves: `draining` takes no new calls, `stopped` is gone. */
export const bye = z.object({ instance: token, reason: z.enum(['draining', 'stopped']) });
export type Bye = z.infer<typeof bye>;

/** A hub tells one instance of a node what has become of it. */
export const notice = z.object({
  instance: token,
  /** `superseded` and `revoked` are final; `hello` asks for a new hello. */
  kind: z.enum(['superseded', 'revoked', 'hello']),
  message: z.string().max(512),
  /** With `hello`: the place was taken away, and its calls are over. */
  kicked: z.boolean().optional(),
});
export type Notice = z.infer<typeof notice>;

/** A hub tells the other hubs that it is there. */
export const beat = z.object({
  hub: token,
  version: z.string().max(64),
  sinceMs: z.number().int(),
  /** It is about to end, and says so: no more beats come. */
  leaving: z.boolean().optional(),
});
export type Beat = z.infer<typeof beat>;

/** The last moment that a `Date` can tell, Unix time in milliseconds. */
const latestMs = 8.64e15;

/** One transition of a state machine. */
export const transition = z.object({
  v: z.literal(1),
  machine: shown(64),
  id: shown(256),
  /** Unix time in milliseconds. */
  atMs: z.number().int().nonnegative().max(latestMs),
  /** When the actor began, Unix time in milliseconds: tells its lives apart. */
  bornMs: z.number().int().nonnegative().max(latestMs).optional(),
  /** Counted from 1 by its actor in each life; 0: it began. */
  sequence: z.number().int().nonnegative(),
  event: shown(128),
  /** What the event said; nothing secret. */
  detail: z.record(z.string(), z.unknown()).optional(),
  /** '' where the actor began. */
  from: shown(256),
  /** '' where the actor ended. */
  to: shown(256),
  /** Ids of the edges of the definition that were taken, in order; none: the event was ignored. */
  edges: z.array(shown(256)).max(16).optional(),
  /** Events that its states did not take since it began, by type; left out where there are none. */
  ignored: z.record(shown(128), z.number().int().positive()).optional(),
  /** Whose doing it was, as `machine/id`; left out where it is nobody's, or not known. */
  by: shown(330).optional(),
  /** Hash of the definition that the actor runs by. */
  definition: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** The facts that the machine keeps; nothing secret. */
  context: z.record(z.string(), z.unknown()),
});
export type Transition = z.infer<typeof transition>;

/** Somebody who follows a kept subject asks for the messages behind one that it has. */
export const keptRequest = z.object({
  /** Name of the stream that keeps the subject. */
  stream: z.string().max(64),
  /** The subject, `*` for what may be anything. */
  filter: z.string().max(512),
  /** Place in the stream of the last message that it has; 0: none. */
  after: z.number().int().nonnegative(),
  /** Leave out what was stored before this Unix time in milliseconds. */
  sinceMs: z.number().nonnegative().max(latestMs).optional(),
  /** Leave out what lies behind this place. */
  upTo: z.number().int().nonnegative().optional(),
});
export type KeptRequest = z.infer<typeof keptRequest>;

/** One answer holds at most this many messages. */
export const mostKeptMessages = 64;

/** What a hub answers to it. */
export const keptAnswer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** When the stream was made. Another time than before: it is another stream, whose places count anew. */
    created: z.string().max(64),
    /** The first and the last place of the stream that were filled when the reading began. */
    first: z.number().int().nonnegative().optional(),
    last: z.number().int().nonnegative().optional(),
    /** When these two were stored, Unix time in milliseconds; 0: there is none. */
    firstMs: z.number().nonnegative().optional(),
    lastMs: z.number().nonnegative().optional(),
    messages: z
      .array(
        z.object({
          subject: z.string().max(512),
          /** Its place in the stream. */
          place: z.number().int().positive(),
          body: z.unknown(),
        }),
      )
      .max(mostKeptMessages),
    /** Everything up to this place was looked at. */
    end: z.number().int().nonnegative().optional(),
    /** Whether there may be more behind it. */
    more: z.boolean(),
  }),
  z.object({ ok: z.literal(false), message: z.string().max(512) }),
]);
export type KeptAnswer = z.infer<typeof keptAnswer>;
export type KeptPage = Extract<KeptAnswer, { ok: true }>;

/** A node as the registry keeps it. */
export const nodeEntry = z.object({
  v: z.literal(1),
  name: nodeName,
  /** The keys that may serve this name, and the token that bound each. */
  keys: z.array(z.object({ key: nodeKey, boundAtMs: z.number().int(), token: z.string() })).max(64),
  /** What its agent says and what join tokens gave it; the latter win. */
  labels,
  /** Labels that join tokens gave it: these alone may decide who calls it. */
  granted: labels.optional(),
  /** Counts the claims; the newest instance's epoch. */
  epoch: z.number().int().nonnegative(),
  /** Instance id of the hub that watches over the instances, '' for none. */
  owner: z.string().max(64),
  instances: z
    .array(
      z.object({
        id: token,
        epoch: z.number().int().positive(),
        key: nodeKey,
        boot: token,
        share: z.boolean(),
        sinceMs: z.number().int(),
        services: hello.shape.services,
        version: z.string().max(64),
        transport: z.enum(transports),
        /** Instance id of the hub that its tunnel leads to. */
        hub: token.optional(),
        standing: z.enum(standings),
      }),
    )
    .max(256),
  createdAtMs: z.number().int(),
  /** When an instance was last known to be there; 0: never. */
  lastSeenAtMs: z.number().int(),
  /** When the node was revoked; absent: not. */
  revokedAtMs: z.number().int().optional(),
  /** Keys that were bound once and never may be again, the newest last. */
  revokedKeys: z
    .array(z.object({ key: nodeKey, atMs: z.number().int() }))
    .max(256)
    .optional(),
  /** Instances whose place was taken away: none comes back under the same id, and its key not before `untilMs`. */
  kicked: z
    .array(z.object({ instance: token, key: nodeKey, atMs: z.number().int(), untilMs: z.number().int() }))
    .max(256)
    .optional(),
  /** Until when nobody is given a place; absent: anybody is. */
  barredUntilMs: z.number().int().optional(),
  /** Since when no instance is given new calls, and who wanted it; absent: they are. */
  drained: z.object({ atMs: z.number().int(), by: shown(256) }).optional(),
});
export type NodeEntry = z.infer<typeof nodeEntry>;
export type InstanceEntry = NodeEntry['instances'][number];

/** A token as the registry keeps it: never the secret itself. */
export const tokenEntry = z.object({
  v: z.literal(1),
  id: token,
  kind: z.enum(['join', 'caller']),
  /** The node name of a join token, the caller's name of a caller token. */
  subject: z.string().max(256),
  /** SHA-256 of a join token's secret, hex; absent for a caller token, which is signed. */
  secretHash: z.string().optional(),
  createdBy: z.string().max(256),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int(),
  /** The key that a join token was used for first. */
  usedBy: nodeKey.optional(),
  /** The keys that it was used for after that. */
  alsoUsedBy: z.array(nodeKey).max(64).optional(),
  /** How many keys a join token may bind; absent: one. */
  mostUses: z.number().int().min(1).max(64).optional(),
  /** Labels that a join token gives its node. */
  labels: labels.optional(),
  /** What a caller token allows, as it was signed, to be shown: JSON of its claims. */
  policy: z.string().max(16_384).optional(),
  revokedAtMs: z.number().int().optional(),
});
export type TokenEntry = z.infer<typeof tokenEntry>;
