import type { z } from 'zod';

/**
 * Who a credential is for.
 * - `hub`: a hub. - `agent`: an agent of one node, with one key. - `watcher`: somebody who looks on at what happens,
 * without frames of calls. - `tracer`: an audited one who may read frames too. - `tunnel`: the part of a hub that
 * serves the calls of nodes that have a tunnel to it. - `controller`: a controller of runs. - `accounts`: a process of
 * the account services.
 */
export const busRoles = ['hub', 'agent', 'watcher', 'tracer', 'tunnel', 'controller', 'accounts'] as const;
export type BusRole = (typeof busRoles)[number];

/**
 * What a role may put in the place of each parameter: `'*'` anything, `'$node'` its own node name, `'$key'` its own
 * public key, or a fixed word. Parameters that are not named are `'*'`. `true`: all `'*'`.
 */
export type Grant = true | Readonly<Record<string, string>>;

/** How the messages of a subject are kept. */
export interface Keep {
  readonly stream: string;
  /** Of all messages together. */
  readonly maxBytes: number;
  /** Messages of one subject; absent: as many as there is room for. */
  readonly perSubject?: number;
  /** In memory: how long; absent: as long as there is room. */
  readonly maxAgeMs?: number;
  /**
   * On disk, without acknowledgement: it outlives the NATS server. What is published again under the same id within so long
   * is kept once.
   */
  readonly lasting?: { readonly onceWithinMs: number };
  /** On disk, with acknowledgement. Absent, as `lasting`: in memory, without it, until the NATS server ends. */
  readonly onDisk?: {
    readonly maxMessages: number;
    readonly maxAgeMs: number;
    /** What becomes of a new message when there is no room; absent: the oldest make room. */
    readonly whenFull?: 'refuse';
  };
}

/** A subject, declared once: its shape, what it carries and who may use it. */
export interface SubjectDeclaration<P extends string, T, R> {
  /** `postern.call.{to}.{toInstance}`: literal tokens and parameters. */
  readonly pattern: string;
  /** One sentence for docs/subjects.md. */
  readonly summary: string;
  /** Schema of the body (JSON), or `'frames'` for binary frames of calls. */
  readonly body: z.ZodType<T> | 'frames';
  /** Schema of the answer, where the message is a request. */
  readonly answer?: z.ZodType<R>;
  readonly publish: Partial<Record<BusRole, Grant>>;
  readonly subscribe: Partial<Record<BusRole, Grant>>;
  /** Kept in a stream. */
  readonly keep?: Keep;
  /** Type-level only. */
  readonly params?: P;
}

/** A JetStream key-value bucket, declared once. */
export interface StoreDeclaration<T> {
  readonly bucket: string;
  readonly summary: string;
  /** Who reads and writes it. */
  readonly users: readonly BusRole[];
  /** Who reads it besides, and makes it where it is missing; nobody else may do even that. */
  readonly readers?: readonly BusRole[];
  readonly value: z.ZodType<T>;
  readonly maxBytes: number;
  /** What was written longer ago is gone by itself, and who watches is not told; absent: nothing is. */
  readonly maxAgeMs?: number;
}

type ParamsOf<S extends string> = S extends `${string}{${infer P}}${infer Rest}` ? P | ParamsOf<Rest> : never;

/** Declares a subject. */
export function subject<const S extends string, T = Uint8Array, R = never>(
  declaration: { pattern: S } & Omit<SubjectDeclaration<ParamsOf<S>, T, R>, 'pattern' | 'params'>,
): SubjectDeclaration<ParamsOf<S>, T, R> {
  return declaration;
}
