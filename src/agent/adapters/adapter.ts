import type { DaemonIdentity } from '../../../machines/daemon.js';

/** A group, as its daemon names it. */
export interface GroupRef {
  /** The group's key, base64 for URLs. */
  readonly id: string;
}

/** Who somebody is inside one group. */
export interface Member {
  /** Key of the account in the group, base64 for URLs. */
  readonly member: string;
  /** Key of the device in the group, base64 for URLs. */
  readonly device: string;
}

/** What became of one attempt to send. */
export type SendOutcome =
  /** The daemon has taken it, under this id. */
  | { readonly outcome: 'ok'; readonly id: string }
  /** It did surely not take it; with `wasOffered` false, it was never given it. */
  | {
      readonly outcome: 'fail';
      readonly code: string;
      readonly message: string;
      readonly wasOffered?: false;
    }
  /** Nobody knows: the answer did not come. */
  | { readonly outcome: 'info'; readonly code: string; readonly message: string };

/** An image to be sent. */
export interface Image {
  /** Its name as a file. */
  readonly name: string;
  /** A PNG. */
  readonly bytes: Uint8Array;
}

/** One event that came out of a daemon. */
export interface Receipt {
  /** The daemon's id of the event, the same at every daemon, and the one that `send` gave its sender. */
  readonly event: string;
  /** Device that wrote it, base64 for URLs. */
  readonly device: string;
  /** The writer's own count in the group. */
  readonly counter: number;
  /** `message`: somebody's text or image; `ack`: a daemon tells that `target` has come to it. */
  readonly kind: 'message' | 'ack';
  /** The text, or the image; empty where the daemon did not give an image that it told of. */
  readonly body: Uint8Array;
  /** Of an `ack`: the event that it is about. */
  readonly target: string;
  readonly how: Arrival;
  /** Unix time in milliseconds. */
  readonly atMs: number;
}

/**
 * How an event came: `first` of all times, again because we subscribed anew or its history overlapped with what came
 * live (`replayed`), or again though nothing of that kind explains it (`duplicated`).
 */
export type Arrival = 'first' | 'replayed' | 'duplicated';

/** Who takes what is received. A promise holds the daemon's stream until it resolves. */
export interface ReceiptSink {
  receipt(receipt: Receipt): void | Promise<void>;
  /** Everything that was there when the subscription began has come. Told again after each new subscription. */
  live(): void;
  /** The subscription broke; it will be made again by itself. */
  broken(reason: string): void;
}

/** A subscription that goes on until it is stopped. */
export interface Receiving {
  /** Ends it; resolves when the sink will hear nothing any more. */
  stop(): Promise<void>;
}

/** What a daemon can do. */
export interface Capabilities {
  /** It knows groups: create, invite, join, ready and receive work. */
  readonly groups: boolean;
  /** It sends images. */
  readonly media: boolean;
}

/** A token that a daemon has for services of others. */
export interface ServiceToken {
  /** The daemon's name for it. */
  readonly id: string;
  /** The token server that it is from, as the flow was begun with. */
  readonly authUrl: string;
  /** Short names of the services that it is good for: `rpl` is replication. */
  readonly services: readonly string[];
  /** Unix time in seconds; undefined: it has no end, or the daemon does not tell. */
  readonly expiresAt: number | undefined;
}

/** What a daemon does about tokens for services, one flow at a time. Throws as `DaemonAdapter` does. */
export interface ServiceTokens {
  /** Begins to get a token; resolves to the URL that its user is to be asked at. */
  beginFlow(authUrl: string, services: readonly string[], signal: AbortSignal): Promise<string>;
  /** Ends it with the URL that this has led to; resolves to the token's id. */
  completeFlow(callbackUrl: string, signal: AbortSignal): Promise<string>;
  list(signal: AbortSignal): Promise<readonly ServiceToken[]>;
  /** Has the replication server of a token hold a group; doing so again changes nothing. */
  register(tokenId: string, group: GroupRef, signal: AbortSignal): Promise<void>;
}

/**
 * The few things that a test asks of a daemon. All but `send` and `sendImage` throw `PosternError`: `DAEMON_UNREACHABLE`,
 * `DAEMON_UNKNOWN` (it is not what the adapter is for), `DAEMON_REFUSED` (it says no), `UNSUPPORTED`. Every wait ends
 * with its signal.
 */
export interface DaemonAdapter {
  /** Connects where that was not done yet, and asks what the daemon is. */
  identify(signal: AbortSignal): Promise<DaemonIdentity>;
  readonly capabilities: Capabilities;
  createGroup(signal: AbortSignal): Promise<GroupRef>;
  /** What another daemon joins with; opaque. */
  invite(group: GroupRef, name: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Joins, or does nothing where it is a member already. */
  join(invite: Uint8Array, signal: AbortSignal): Promise<GroupRef>;
  /** Who this daemon is in the group. */
  membership(group: GroupRef, signal: AbortSignal): Promise<Member>;
  /** Resolves when this daemon can read what `writer` writes from now on. */
  ready(group: GroupRef, writer: Member, signal: AbortSignal): Promise<void>;
  /**
   * Whether this daemon knows so many `others` in the group, or more, and can read what all write whom it knows. Absent where
   * that cannot be told.
   */
  acquainted?(group: GroupRef, others: number, signal: AbortSignal): Promise<boolean>;
  /** Sends one message. Never throws: what went wrong is an outcome. */
  send(group: GroupRef, body: Uint8Array, signal: AbortSignal): Promise<SendOutcome>;
  /** Sends one image, where `capabilities` has media. Never throws, as `send`. */
  sendImage(group: GroupRef, image: Image, signal: AbortSignal): Promise<SendOutcome>;
  /**
   * All events of the group, old and new, until stopped; it subscribes again when the daemon comes back. `known` are events
   * that have come before this process.
   */
  receive(group: GroupRef, sink: ReceiptSink, known?: Iterable<string>): Receiving;
  /** All events that are there now, once, and the end: the final read. */
  read(group: GroupRef, signal: AbortSignal): AsyncIterable<Receipt>;
  /** Absent where such daemons know no service tokens. */
  readonly serviceTokens?: ServiceTokens;
  /** Closes every connection. */
  close(): void;
}
