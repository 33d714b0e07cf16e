import type { Registry } from 'prom-client';
import type { LinkEnd } from '../../machines/link.js';
import type { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Tracing } from '../tracing/tracing.js';

/** What an agent needs of the process that runs it. */
export interface AgentDeps {
  readonly log: Logger;
  readonly metrics: Registry;
  /** Version of Postern, as hubs are told. */
  readonly version: string;
  /** Makes spans of the calls to the servers; without it, calls pass with the metadata that they have. */
  readonly tracing?: Tracing | undefined;
}

/** How an agent got its place. */
export interface AgentReady {
  readonly node: string;
  readonly instance: string;
  /** Instance id of the hub that gave the place. */
  readonly hub: string;
  /** Where its metrics are served. */
  readonly metrics: string | undefined;
  /** Where controllers of before are served. */
  readonly infra: string | undefined;
}

/** How an agent ended: asked to stop, or by a hub's word, or because it could not start. */
export interface AgentEnd {
  readonly reason: LinkEnd | 'failed';
  /** What to tell the user; undefined when it was asked to stop. */
  readonly error: PosternError | undefined;
}
