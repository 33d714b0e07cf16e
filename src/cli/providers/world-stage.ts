import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubTarget } from '../../client/hub-target.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Ground } from './ground.js';
import type { SweeperLink } from './sweeper-link.js';
import type { World, WorldNode, WorldProgress, WorldProvider } from './world.js';
import { posternWords } from './world-environment.js';
import type { WorldFiles } from './world-files.js';
import { WorldProcess } from './world-process.js';

/** A program may take so long to be ready when many start at once on a busy machine, milliseconds. */
const startMs = 90_000;
/** What is told to end may take so long, milliseconds. */
const graceMs = 15_000;

/** How soon a daemon that crashes on purpose is there again, milliseconds. */
const againMs = 1_000;
/** So often in a row it may crash before it is ready. */
const mostTries = 10;

/** What a stage stands on. */
export interface StageOptions {
  readonly provider: WorldProvider;
  readonly ground: Ground;
  readonly files: WorldFiles;
  readonly sweeper: SweeperLink;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether its directory goes with it. */
  readonly passing: boolean;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((progress: WorldProgress) => void) | undefined;
}

/** What a program of a world is, to whoever ends it. */
export type ProgramKind = 'hub' | 'agent' | 'daemon';

/** A world that is being brought up, is there, or is being ended. */
export class WorldStage implements World {
  readonly provider: WorldProvider;
  readonly ground: Ground;
  readonly files: WorldFiles;
  readonly broken: Promise<PosternError>;
  /** Filled by whoever brings it up. */
  hub: HubTarget = { address: '', from: 'not there yet', token: undefined };
  nodes: readonly WorldNode[] = [];
  readonly #options: StageOptions;
  readonly #programs: { readonly kind: ProgramKind; readonly process: WorldProcess }[] = [];
  #break: (error: PosternError) => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    this.provider = options.provider;
    this.ground = options.ground;
    this.files = options.files;
    this.broken = new Promise((resolve) => {
      this.#break = resolve;
    });
  }

  get directory(): string {
    return this.files.directory;
  }

  get logs(): string {
    return this.files.logs;
  }

  /** Starts `postern …` on a machine of the ground. Rejects with `WORLD_FAILED`, or the reason of the signal. */
  async start(
    kind: ProgramKind,
    machine: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<WorldProcess> {
    const { environment, signal, sweeper, ground } = this.#options;
    const argv = posternWords([...args, '--log-level', 'info', '--output', 'json']);
    const started = await WorldProcess.start({
      name: kind === 'hub' ? 'the hub' : `the ${kind} of ${machine}`,
      log: join(this.logs, kind === 'hub' ? 'hub.log' : `${machine}.${kind}.log`),
      withinMs: startMs,
      signal,
      start: (stdio) => {
        const child = ground.spawn(machine, argv, { env: { ...environment, ...env }, stdio });
        sweeper.started(child.pid);
        return child;
      },
    });
    this.#programs.push({ kind, process: started });
    // A daemon may be ended by a fault; nobody but us ends the others.
    if (kind !== 'daemon') void started.ended.then((how) => this.#ended(started, how));
    return started;
  }

  /** Starts a daemon that crashes on purpose, and again each time that it has ended. Rejects as `start` does. */
  async keepUp(machine: string, args: readonly string[]): Promise<void> {
    const started = await this.#startAtLast(machine, args);
    void started.ended
      .then(() => sleep(againMs, undefined, { ref: false }))
      .then(() => (this.#stopped === undefined ? this.keepUp(machine, args) : undefined))
      .catch((thrown: unknown) => {
        if (this.#stopped === undefined) this.#options.log.warn(errorText(thrown));
      });
  }

  /** It may crash before it is ready, too. */
  async #startAtLast(machine: string, args: readonly string[]): Promise<WorldProcess> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.start('daemon', machine, args);
      } catch (thrown) {
        const failed = thrown instanceof PosternError && thrown.code === 'WORLD_FAILED';
        if (!failed || tries === mostTries || this.#stopped !== undefined) throw thrown;
      }
      await sleep(againMs, undefined, { ref: false });
    }
  }

  tell(step: string, done = 0, of = 0): void {
    this.#options.progress?.({ step, done, of });
  }

  stop({ keepFiles = false }: { readonly keepFiles?: boolean } = {}): Promise<void> {
    this.#stopped ??= this.#stop(this.#options.passing && !keepFiles);
    return this.#stopped;
  }

  async #stop(remove: boolean): Promise<void> {
    const { ground, sweeper } = this.#options;
    this.tell('ending all that was started');
    // Only files that somebody will look at are worth an end in good order.
    if (!remove) {
      await this.#terminate('agent');
      await Promise.all([this.#terminate('daemon'), this.#terminate('hub')]);
    }
    await ground.end().catch((thrown: unknown) => thrown);
    await sweeper.finish({ remove });
  }

  async #terminate(kind: ProgramKind): Promise<void> {
    const found = this.#programs.filter((program) => program.kind === kind);
    await Promise.all(found.map(({ process }) => process.terminate(graceMs)));
  }

  #ended({ name, log }: WorldProcess, how: string): void {
    if (this.#stopped !== undefined) return;
    this.#break(
      new PosternError('WORLD_BROKEN', `${name} ended though nobody ended it: ${how}`, {
        hint: `what it wrote is in ${log}`,
      }),
    );
  }
}
