import type { HubTarget } from '../../client/hub-target.js';
import type { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** The providers that bring nodes of their own. */
export type WorldProvider = 'local' | 'lab';

/** How far bringing up has come. */
export interface WorldProgress {
  /** What is done now, for people: `starting the hub`, `starting the nodes`, `waiting for the daemons`, … */
  readonly step: string;
  /** Of the present step: so much is done, of so much; both 0 where nothing is counted. */
  readonly done: number;
  readonly of: number;
}

/** How a world is brought up. */
export interface WorldOptions {
  readonly provider: WorldProvider;
  /** Where its files go, and stay; absent: into a directory of its own below that of temporary files. */
  readonly directory?: string | undefined;
  /** Keeps a directory of its own after `stop`; it is kept in any case when the world does not come up. */
  readonly keep?: boolean;
  /** Decides what daemons that misbehave do wrong; absent: the scenario's. */
  readonly seed?: string | undefined;
  /** One more relay of each agent, as `postern agent --daemon-relay` has it. */
  readonly relay?: string;
  readonly log: Logger;
  /** When it aborts, what was started so far is ended, and bringing up rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly progress?: (progress: WorldProgress) => void;
  /** The environment of what is started; default: this process's. Settings of postern in it are left out. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A node of a world. */
export interface WorldNode {
  readonly name: string;
  /** Its files: those of its agent and of its daemon. */
  readonly directory: string;
  /** Where its daemon serves gRPC; in a lab, on the node's own machine. */
  readonly daemon: string;
  /** File where its daemon writes what it does wrong on purpose. */
  readonly truth: string;
}

/** A hub with a controller, and all nodes of a scenario, each with an agent and a reference daemon. */
export interface World {
  readonly provider: WorldProvider;
  readonly directory: string;
  /** The hub, and a token that may do all there. */
  readonly hub: HubTarget;
  readonly nodes: readonly WorldNode[];
  /** Directory with the output of all that was started, a file each. */
  readonly logs: string;
  /** Resolves when the hub, or an agent, ended though nobody ended it; never rejects. */
  readonly broken: Promise<PosternError>;
  /**
   * Ends all that was started, and removes the directory unless it was named, or is to be kept. Never rejects; once more
   * does nothing.
   */
  stop(options?: { readonly keepFiles?: boolean }): Promise<void>;
}
