import type { CallBus } from '../rpc/exchange-port.js';
import type { BusIdentity } from './permissions.js';
import type { Shelf } from './shelf.js';
import type { StoreDeclaration, SubjectDeclaration } from './subjects.js';

/**
 * What becomes of the connection to the bus. After `disconnected` the bus dials again by itself, for ever;
 * `closed` comes only after `close`, `drain` or credentials that the server does not take any more.
 */
export type BusStatus =
  | { type: 'disconnected'; reason: string }
  | { type: 'reconnected' }
  | { type: 'closed'; reason: string };

/** A message as a handler gets it: the subject's parameters (proven by the server's permissions) and the body. */
export interface BusMessage<P extends string, T> {
  readonly params: Readonly<Record<P, string>>;
  readonly body: T;
}

/** Where reading in a stream begins, and where it ends. */
export interface KeptRange {
  /** Behind this place; 0: with the first that is kept. */
  readonly after: number;
  /** Without what was stored before this Unix time in milliseconds; absent: with it. */
  readonly sinceMs?: number | undefined;
  /** Without what lies behind this place; absent: with it. */
  readonly upTo?: number | undefined;
}

/** Some of the kept messages of a subject, in their order. */
export interface KeptMessages<P extends string, T> {
  /** When the stream was made. Another time than before: it is another stream, whose places count anew. */
  readonly created: string;
  /** The first and the last place of the stream that was filled when the reading began. */
  readonly first: number;
  readonly last: number;
  /** When these were stored, Unix time in milliseconds; 0: there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly messages: readonly (BusMessage<P, T> & { readonly place: number })[];
  /** Everything up to this place was looked at. */
  readonly end: number;
  /** Whether there may be more behind it. */
  readonly more: boolean;
}

/** A message of a stream, with its place there. */
export interface PlacedMessage<P extends string, T> {
  readonly place: number;
  /** When it was stored, Unix time in milliseconds of the server. */
  readonly storedMs: number;
  /** Undefined where it fits no schema. */
  readonly message: BusMessage<P, T> | undefined;
}

/** Hears what is read of a stream. */
export interface StreamListener<P extends string, T> {
  /** Reading begins, or begins anew after a loss: when the stream was made, its first and its last place. */
  began?(stream: { readonly created: string; readonly first: number; readonly last: number }): void;
  /** In the order of the stream and once each. */
  message(message: PlacedMessage<P, T>): void;
  /** It is another stream than before, or has lost its end: all that there is comes again. */
  restarted(): void;
  /** All that was there when reading began was told. */
  caughtUp(): void;
}

/** Ends a subscription, watch or listener. Calling it twice does nothing. */
export type Stop = () => void;

/** A kept value and its revision. */
export interface Entry<T> {
  readonly key: string;
  readonly value: T;
  readonly revision: number;
}

/** Hears that a server has lost what a bucket held: its files are gone, or older ones were put in their place. */
export interface LossListener {
  /** All that is there comes again; revisions count anew. */
  restarted(): void;
  /** A key that was there is not any more, though nobody has deleted it. */
  lost(key: string): void;
}

/**
 * The messages of each subject form a chain: one is stored only behind the one that its writer names as the last. So each
 * is there once, however often its writer tries. Throws `STORE_UNAVAILABLE` when JetStream does not answer.
 */
export interface Chain<P extends string, T> {
  /** The last message of a subject and its place in the stream; place 0: there is none, body undefined: it fits no schema. */
  last(params: Record<P, string>): Promise<{ readonly place: number; readonly body: T | undefined }>;
  /**
   * Stores a message behind the one at `place` (0: as the first), and resolves to its place. Throws `STORE_CONFLICT` when
   * another one is the last, `STORE_FULL` when there is no room; after `STORE_UNAVAILABLE` it may be there or not.
   */
  append(params: Record<P, string>, body: T, place: number): Promise<number>;
  /** How much of the stream's room is taken, in bytes or messages, whichever is more: 0 to 1; 0 where it has no limit. */
  fullness(): Promise<number>;
}

/**
 * A key-value bucket with validated values. Every operation is bounded in time and throws `PosternError` with code
 * `STORE_UNAVAILABLE` when JetStream does not answer, `STORE_CONFLICT` when the revision was not the current one.
 */
export interface Store<T> {
  get(key: string): Promise<Entry<T> | undefined>;
  /** Creates a key that is not there (or was deleted); resolves to its revision. */
  create(key: string, value: T): Promise<number>;
  /** Replaces the value of `revision`; resolves to the new revision. */
  update(key: string, value: T, revision: number): Promise<number>;
  /** Deletes a key; with a revision only while it has this one, and throws `STORE_CONFLICT` otherwise. */
  delete(key: string, revision?: number): Promise<void>;
  /** Deletes a key, and all that the bucket's history has of it; what stays is a marker with the key. For account services. */
  erase(key: string): Promise<void>;
  /**
   * Deletes a key that was written once, and leaves nothing; those who watch are not told. One that was ever replaced may come
   * back when the server is killed, which forgets then what it had replaced. For account services.
   */
  drop(key: string): Promise<void>;
  /** How many keys there are; those of which a marker is left count too. */
  count(): Promise<number>;
  /**
   * Calls `listener` with every key that is there, then with each change (undefined: deleted), in order; a
   * value that is replaced or deleted at once may be left out, as only the last one of a key is kept. Goes on after reconnects and restarts of the server. `ready` resolves when the present state was delivered.
   */
  watch(
    listener: (key: string, entry: Entry<T> | undefined) => void,
    loss?: LossListener,
  ): { ready: Promise<void>; stop: Stop };
}

/** One process's connection to NATS: the only way to it in the whole program. */
export interface Bus extends CallBus {
  /** Whose it is. */
  readonly identity: BusIdentity;
  readonly connected: boolean;
  /** Version of the server it is connected to, e.g. `2.10.27`. */
  readonly serverVersion: string;

  /**
   * Publishes, at most once. What is published while disconnected is lost. Throws on a body that does not fit its schema.
   * With an `id` it may be published again: a stream whose messages are `lasting` keeps it once.
   */
  publish<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Record<P, string>,
    body: T,
    options?: { id?: string },
  ): void;
  /**
   * Hears every message on the subject; parameters that are left out match anything. A message that does not fit
   * the schema is counted and dropped; a throw in `handler` is logged and harms that message alone.
   */
  subscribe<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Partial<Record<P, string>>,
    handler: (message: BusMessage<P, T>) => void,
    options?: { queue?: string },
  ): Stop;
  /** Asks and waits for one answer. Throws `PosternError` `NO_ANSWER` after `timeoutMs` or when nobody listens. */
  request<P extends string, T, R>(
    subject: SubjectDeclaration<P, T, R>,
    params: Record<P, string>,
    body: T,
    options: { timeoutMs: number },
  ): Promise<R>;
  /** Answers requests. A handler that throws answers nothing: the asker times out. */
  respond<P extends string, T, R>(
    subject: SubjectDeclaration<P, T, R>,
    params: Partial<Record<P, string>>,
    handler: (message: BusMessage<P, T>) => R | Promise<R>,
    options?: { queue?: string },
  ): Stop;
  /**
   * The kept messages of a subject that has a stream, oldest first, then each new one. Goes on after reconnects
   * without doubles. `live` resolves when the kept history was delivered.
   */
  follow<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Partial<Record<P, string>>,
    handler: (message: BusMessage<P, T>) => void,
  ): { live: Promise<void>; stop: Stop };

  /**
   * Stores a message of a subject that is kept on disk, and resolves when it is there; what comes twice with one `id` within
   * two minutes is stored once. For hubs. Throws `STORE_UNAVAILABLE`, after which it may be there or not, and what
   * `publish` throws.
   */
  append<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Record<P, string>,
    body: T,
    id: string,
  ): Promise<void>;
  /** Reads some messages of a subject that has a stream. Throws when the stream, or the hub that is asked, does not answer. */
  page<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Partial<Record<P, string>>,
    range: KeptRange,
  ): Promise<KeptMessages<P, T>>;
  /**
   * Reads the last message of each subject of a stream, or with `after` all that it keeps behind a place, and then each new
   * one, for as long as nobody stops it: through losses of the connection and of the stream. One stream of messages
   * that the server pushes, so that thousands a second are no trouble. For hubs; throws `BUS_FORBIDDEN` for others.
   */
  read<P extends string, T>(
    subject: SubjectDeclaration<P, T, unknown>,
    params: Partial<Record<P, string>>,
    from: { readonly after?: number },
    listener: StreamListener<P, T>,
  ): Stop;
  /** Hears that there is, or soon will be, something new in the stream of a subject. Some may be missed: look now and then. */
  onKept<P extends string>(
    subject: SubjectDeclaration<P, unknown, unknown>,
    params: Partial<Record<P, string>>,
    listener: () => void,
  ): Stop;

  /** Opens the chains of a subject that is kept on disk. For hubs; throws `BUS_FORBIDDEN` for others. */
  chain<P extends string, T>(subject: SubjectDeclaration<P, T, unknown>): Chain<P, T>;
  /** Opens the shelf of files that agents bring. For hubs; throws `BUS_FORBIDDEN` for others. */
  shelf(): Shelf;
  /** Opens a bucket, making it (and its limits) where this process may. */
  store<T>(declaration: StoreDeclaration<T>): Promise<Store<T>>;

  /** Hears what becomes of the connection. */
  onStatus(listener: (status: BusStatus) => void): Stop;
  /** Sends what is buffered, ends all subscriptions and closes; bounded to 5 s. */
  drain(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}
