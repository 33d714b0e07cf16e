import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { resultToken } from '../../bus/result-records.js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import type { Logger } from '../../log.js';
import { replacePrivateFile } from '../../private-file.js';
import { diskFiles } from '../journal/files.js';

/** On whose behalf something is asked: which controller of which run. */
export interface RunCommand {
  /** Name of the run; empty: of none. */
  readonly run: string;
  /** Grows with each controller that takes the run over; 0: asked by hand. */
  readonly term: number;
}

/** The most groups that are remembered of a run. */
const mostGroups = 1_000;
const groupName = z.string().min(1).max(128);
/** What is remembered of a run, as it is on disk. */
const page = z.object({
  v: z.literal(1),
  /** The highest term that a command had. */
  term: z.number().int().nonnegative(),
  /** Groups by the names that they have in the run. */
  groups: z.array(z.tuple([groupName, z.string()])).max(mostGroups),
  /** When this was written, Unix milliseconds. */
  atMs: z.number(),
});
type Page = z.infer<typeof page>;
const pageName = /^([A-Za-z0-9_-]{1,64})\.json$/;

/** What a book of runs needs. */
export interface RunBookOptions {
  /** Its own directory, of one process at a time. */
  readonly directory: string;
  /** Whether there are tests of the run: then it is not forgotten for want of room. */
  readonly inUse: (run: string) => boolean;
  /** The most runs that are remembered. */
  readonly mostRuns?: number;
  readonly log: Logger;
}

/**
 * What an agent was told on behalf of runs, safe on disk: which controller was the last, so that one that was thought dead
 * changes nothing any more; and which groups were made, so that asking again makes no others. A run is remembered until it
 * is closed, or until there is no room and no other without tests was told something longer ago.
 */
export class RunBook {
  readonly #options: Required<RunBookOptions>;
  readonly #pages = new Map<string, Page>();
  /** Runs whose files cannot be read: nobody knows who conducts them. */
  readonly #damaged = new Set<string>();
  readonly #writes = new InTurn();
  /** Groups that are being made, by run and name. */
  readonly #making = new Map<string, Promise<string>>();

  private constructor(options: RunBookOptions) {
    this.#options = { mostRuns: 1_000, ...options };
  }

  /** Reads what an earlier process has left. Throws what the directory may refuse. */
  static async open(options: RunBookOptions): Promise<RunBook> {
    const book = new RunBook(options);
    const { directory, log } = options;
    await diskFiles.makeDirectory(directory);
    for (const name of await diskFiles.list(directory)) {
      const path = join(directory, name);
      const run = pageName.exec(name)?.[1];
      if (run === undefined) {
        // a draft of a process that was killed
        if (name.endsWith('.tmp')) await diskFiles.remove(path);
        continue;
      }
      try {
        book.#pages.set(run, page.parse(JSON.parse(await readFile(path, 'utf8'))));
      } catch (thrown) {
        book.#damaged.add(run);
        log.error({ run, path, err: errorText(thrown) }, 'what was known of a run cannot be read');
      }
    }
    return book;
  }

  /**
   * Lets a command pass whose controller is the last one that is known, and remembers a later one before that. Throws
   * `SUPERSEDED`, `RUN_INVALID`, `RUN_UNREADABLE`, `TOO_MANY_RUNS`, `DATA_UNUSABLE`.
   */
  async admit({ run, term }: RunCommand): Promise<void> {
    if (term === 0) return;
    checkName(run);
    await this.#writes.run(async () => {
      const known = this.#page(run);
      if (term < known.term) {
        throw new PosternError(
          'SUPERSEDED',
          `superseded: run ${run} is conducted with term ${known.term} now, this command has ${term}`,
        );
      }
      if (term > known.term) await this.#write(run, { ...known, term });
    });
  }

  /** The group of this name in the run of the command, made by `make` where there is none. Throws as `admit` and `make` do. */
  async group(command: RunCommand, name: string, make: () => Promise<string>): Promise<string> {
    const { run } = command;
    checkName(run);
    if (!groupName.safeParse(name).success) {
      throw new PosternError('GROUP_INVALID', 'the name of a group has 1 to 128 characters');
    }
    const key = `${run}/${name}`;
    for (let other = this.#making.get(key); other !== undefined; other = this.#making.get(key)) {
      await other.catch(() => {});
    }
    const making = this.#group(command, name, make);
    this.#making.set(key, making);
    try {
      return await making;
    } finally {
      this.#making.delete(key);
    }
  }

  /** The run is closed: nothing of it is remembered. */
  async forget(run: string): Promise<void> {
    await this.#writes.run(() => this.#remove(run));
  }

  async #group(command: RunCommand, name: string, make: () => Promise<string>): Promise<string> {
    const { run } = command;
    await this.admit(command);
    const known = this.#page(run).groups.find(([each]) => each === name)?.[1];
    if (known !== undefined) return known;
    if (this.#page(run).groups.length >= mostGroups) {
      throw new PosternError('TOO_MANY_GROUPS', `the run '${run}' has ${mostGroups} groups here already`);
    }
    const made = await make();
    await this.#writes.run(() => {
      const now = this.#page(run);
      return this.#write(run, { ...now, groups: [...now.groups, [name, made]] });
    });
    return made;
  }

  #page(run: string): Page {
    if (this.#damaged.has(run)) {
      throw new PosternError(
        'RUN_UNREADABLE',
        `who conducts the run '${run}' cannot be read any more: ${this.#path(run)} is damaged`,
        { hint: 'close the run, or move that file away when no controller of it is left' },
      );
    }
    return this.#pages.get(run) ?? { v: 1, term: 0, groups: [], atMs: 0 };
  }

  async #write(run: string, next: Page): Promise<void> {
    await this.#makeRoom(run);
    const written = { ...next, atMs: Date.now() };
    await replacePrivateFile(this.#path(run), JSON.stringify(written));
    await diskFiles.syncDirectory(this.#options.directory);
    this.#pages.set(run, written);
  }

  async #makeRoom(run: string): Promise<void> {
    const { mostRuns, inUse } = this.#options;
    if (this.#pages.has(run) || this.#pages.size < mostRuns) return;
    const [oldest] = [...this.#pages]
      .filter(([other]) => !inUse(other))
      .sort(([, one], [, other]) => one.atMs - other.atMs);
    if (oldest === undefined) {
      throw new PosternError('TOO_MANY_RUNS', `this agent has tests of ${mostRuns} runs already`, {
        hint: 'close runs that are over',
      });
    }
    await this.#remove(oldest[0]);
  }

  async #remove(run: string): Promise<void> {
    this.#pages.delete(run);
    this.#damaged.delete(run);
    if (resultToken.safeParse(run).success) await diskFiles.remove(this.#path(run));
  }

  #path(run: string): string {
    return join(this.#options.directory, `${run}.json`);
  }
}

function checkName(run: string): void {
  if (resultToken.safeParse(run).success) return;
  throw new PosternError('RUN_INVALID', `${JSON.stringify(run)} is no name for a run`, {
    hint: 'a command with a term, and a group with a name, say of which run: letters, digits, _ and -, at most 64',
  });
}
