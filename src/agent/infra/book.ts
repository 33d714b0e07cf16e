import { join } from 'node:path';
import { z } from 'zod';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import type { Logger } from '../../log.js';
import { readPrivateFile, replacePrivateFile } from '../../private-file.js';
import { diskFiles } from '../journal/files.js';
import { type Round, receivingKey } from './names.js';

/** The most groups, and the most tests of a group, that are remembered; of tests more than an agent keeps. */
const mostGroups = 1_000;
const mostTests = 2_000;
/** The longest name of a group. */
const longestName = 4_096;

/** What a test does, as it was asked for. */
const asked = z.object({
  type: z.enum(['text', 'media']),
  /** Bytes of a message. */
  size: z.number(),
  intervalSeconds: z.number(),
  /** Messages; undefined: said when it starts, by how long it goes on. */
  amount: z.number().optional(),
});
export type Asked = z.infer<typeof asked>;

/** A test in its latest round; when that has ended its journal may be `forgotten`. */
const entry = z.object({
  round: z.number().int().positive(),
  asked,
  forgotten: z.literal(true).optional(),
});
export type TestEntry = z.infer<typeof entry>;

const page = z.object({
  /** Those that were made last come last. */
  tests: z.record(z.string(), entry),
  /** Tests that are not here any more had no later round. */
  floor: z.number().int().nonnegative().optional(),
  /** The latest round of receiving; 0: never yet. */
  receiving: z.number().int().nonnegative(),
  receivingForgotten: z.literal(true).optional(),
});
/** What is remembered of a group. */
export type Page = z.infer<typeof page>;

const whole = z.object({
  v: z.literal(1),
  /** Keys of groups by what they are called here. */
  names: z.array(z.tuple([z.string(), z.string()])),
  /** By the key of the group. */
  groups: z.record(z.string(), page),
});
type Whole = z.infer<typeof whole>;

/**
 * What an agent was told by controllers of before: which groups it knows by which names, and which tests of them are in
 * which round. All of it is safe on disk before anybody is told.
 */
export class InfraBook {
  readonly #directory: string;
  readonly #writes = new InTurn();
  #names: ReadonlyMap<string, string>;
  #groups: ReadonlyMap<string, Page>;
  readonly #damaged: boolean;

  private constructor(directory: string, found: Whole | undefined, damaged: boolean) {
    this.#directory = directory;
    this.#names = new Map(found?.names);
    this.#groups = new Map(Object.entries(found?.groups ?? {}));
    this.#damaged = damaged;
  }

  /** Reads what an earlier process has left. Throws `DATA_UNUSABLE`. */
  static async open(directory: string, log: Logger): Promise<InfraBook> {
    const path = join(directory, 'book.json');
    const text = await readPrivateFile(path);
    if (text === undefined) return new InfraBook(directory, undefined, false);
    try {
      return new InfraBook(directory, whole.parse(JSON.parse(text)), false);
    } catch (thrown) {
      log.error({ path, err: errorText(thrown) }, 'what was known of groups cannot be read');
      return new InfraBook(directory, undefined, true);
    }
  }

  /** Key of the group that has this name here. Throws `BOOK_UNREADABLE`. */
  group(name: string): string | undefined {
    this.#check();
    return this.#names.get(name);
  }

  /** What is known of a group. */
  page(group: string): Page {
    return this.#groups.get(group) ?? { tests: {}, receiving: 0 };
  }

  /** Names a group from now on. Throws `TOO_MANY_GROUPS`, `GROUP_INVALID`, `DATA_UNUSABLE`, `BOOK_UNREADABLE`. */
  name(name: string, group: string): Promise<void> {
    this.#check();
    checkGroupName(name);
    return this.#writes.run(async () => {
      if (this.#names.get(name) === group) return;
      const names = new Map(this.#names).set(name, group);
      if (names.size > mostGroups) {
        throw new PosternError('TOO_MANY_GROUPS', `this agent knows ${mostGroups} groups by name already`);
      }
      await this.#write(names, this.#groups);
    });
  }

  /** Changes what is known of a group; `change` is given what is known now. Throws as `name`, and `TOO_MANY_TESTS`. */
  change(group: string, change: (page: Page) => Page): Promise<void> {
    this.#check();
    return this.#writes.run(async () => {
      const before = this.page(group);
      const changed = change(before);
      if (changed === before) return;
      const next = fitted(changed);
      if (Object.keys(next.tests).length > mostTests) {
        throw new PosternError('TOO_MANY_TESTS', `the group has ${mostTests} tests here already`);
      }
      await this.#write(this.#names, new Map(this.#groups).set(group, next));
    });
  }

  async #write(names: ReadonlyMap<string, string>, groups: ReadonlyMap<string, Page>): Promise<void> {
    const written: Whole = { v: 1, names: [...names], groups: Object.fromEntries(groups) };
    await replacePrivateFile(this.#path, JSON.stringify(written));
    await diskFiles.syncDirectory(this.#directory);
    this.#names = names;
    this.#groups = groups;
  }

  get #path(): string {
    return join(this.#directory, 'book.json');
  }

  #check(): void {
    if (!this.#damaged) return;
    throw new PosternError(
      'BOOK_UNREADABLE',
      `what this agent knew of groups cannot be read: ${this.#path}`,
      {
        hint: 'move the file away and start the agent again; its groups are joined anew then',
      },
    );
  }
}

/** Leaves out what is forgotten, and was made the longest ago, where there is too much. */
function fitted(page: Page): Page {
  const tests = Object.entries(page.tests);
  const tooMany = Math.max(0, tests.length - mostTests);
  const out = tests.filter(([, { forgotten }]) => forgotten).slice(0, tooMany);
  if (out.length === 0) return page;
  const left = new Set(out.map(([key]) => key));
  return {
    ...page,
    tests: Object.fromEntries(tests.filter(([key]) => !left.has(key))),
    floor: Math.max(page.floor ?? 0, ...out.map(([, { round }]) => round)),
  };
}

/** What is known of a group once this round of it is forgotten. */
export function withoutRound(page: Page, { key, round }: Round): Page {
  if (key === receivingKey) return page.receiving === round ? { ...page, receivingForgotten: true } : page;
  const { [key]: found } = page.tests;
  if (found?.round !== round) return page;
  return { ...page, tests: { ...page.tests, [key]: { ...found, forgotten: true } } };
}

/** Throws `GROUP_INVALID`. */
export function checkGroupName(name: string): void {
  if (name !== '' && name.length <= longestName) return;
  throw new PosternError('GROUP_INVALID', `the name of a group has 1 to ${longestName} characters`);
}
