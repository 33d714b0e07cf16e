import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lockDirectory, type Release } from '../../bus/directory-lock.js';
import { errorText, PosternError } from '../../errors.js';
import { dataUnusable, replacePrivateFile } from '../../private-file.js';
import { diskFiles } from '../journal/files.js';
import type { Healed } from './injection.js';
import { readOwnFile } from './own-file.js';
import { carryOut, type Intent, intent, type Undo } from './undo.js';

const done = z.object({ v: z.literal(1), atMs: z.number(), said: z.string().exactOptional() });
/** How long somebody who undoes the same is waited for, milliseconds: longer than it takes to start a daemon. */
const longestWaitMs = 30_000;
const lookEveryMs = 100;

/**
 * What is to be undone, in `<directory>/<name>.json`, safe on disk before it is done; and `<name>.done` for what was undone.
 * An agent, its guardian and the next agent share it: who comes first undoes, the others learn of it.
 */
export class UndoShelf {
  readonly #directory: string;
  readonly #owner: string;
  readonly #waitMs: number;

  /** `owner`: the agent on whose behalf. `waitMs`: how long whoever undoes the same is waited for. */
  constructor(directory: string, owner: string, waitMs: number = longestWaitMs) {
    this.#directory = directory;
    this.#owner = owner;
    this.#waitMs = waitMs;
  }

  get directory(): string {
    return this.#directory;
  }

  get owner(): string {
    return this.#owner;
  }

  /** Throws `FAULT_BUSY` where one of that name is still to be undone, `DATA_UNUSABLE` where it is not safe. */
  async put(name: string, undo: Undo, endsAtMs: number): Promise<void> {
    if (await this.#exists(name)) {
      throw new PosternError(
        'FAULT_BUSY',
        `a fault '${name}' was not undone yet; what is left of it is in ${this.#path(name, 'json')}`,
        {
          hint: 'postern heal undoes what is left, with --force though the agent runs; or give this one another name',
        },
      );
    }
    const written: Intent = { v: 1, undo, owner: this.#owner, endsAtMs };
    await diskFiles.remove(this.#path(name, 'done'));
    await replacePrivateFile(this.#path(name, 'json'), JSON.stringify(written));
    try {
      await diskFiles.syncDirectory(this.#directory);
      // Where files are not known to be ours nobody would undo it.
      await this.#read(name);
    } catch (thrown) {
      await diskFiles.remove(this.#path(name, 'json'));
      throw dataUnusable(this.#directory, thrown);
    }
  }

  /** What is to be undone, by whomever it was done. */
  async open(): Promise<{ readonly name: string; readonly intent: Intent }[]> {
    const open = [];
    for (const file of await diskFiles.list(this.#directory)) {
      const name = /^(.+)\.json$/.exec(file)?.[1];
      // one that cannot be read cannot be undone, and must not keep the others from it
      const found = name === undefined ? undefined : await this.#read(name).catch(() => undefined);
      if (name !== undefined && found !== undefined) open.push({ name, intent: found });
    }
    return open;
  }

  /** Files that say what is to be undone, and cannot be read or are not believed. */
  async unreadable(): Promise<{ readonly file: string; readonly why: string }[]> {
    const files = [];
    for (const name of await diskFiles.list(this.#directory)) {
      const file = join(this.#directory, name);
      const intentOf = /^(.+)\.json$/.exec(name)?.[1];
      // one that is gone by now was undone
      const thrown =
        intentOf === undefined ? undefined : await this.#read(intentOf).catch((why: unknown) => why);
      if (!(thrown instanceof Error)) continue;
      const isOdd = !(thrown instanceof PosternError);
      files.push({ file, why: isOdd ? 'the file cannot be read' : errorText(thrown) });
    }
    return files;
  }

  /**
   * Undoes it where nobody has yet; undefined: there is nothing to undo, and nothing was undone. Rejects where it did not
   * work; then it is still to be undone.
   */
  async undo(name: string): Promise<Healed | undefined> {
    if (!(await this.#exists(name))) return this.#done(name);
    const release = await this.#lock(name);
    try {
      const found = await this.#read(name);
      if (found === undefined) return await this.#done(name);
      const said = await carryOut(found.undo);
      const healed = { v: 1 as const, atMs: Date.now(), ...(said === undefined ? {} : { said }) };
      // It is undone, whether others can be told so or not.
      await replacePrivateFile(this.#path(name, 'done'), JSON.stringify(healed)).catch(() => {});
      await diskFiles.remove(this.#path(name, 'json')).catch(() => {});
      return healedOf(healed);
    } finally {
      await release();
    }
  }

  /** Whether it is still to be undone, and nobody is at it. */
  async stands(name: string): Promise<boolean> {
    const release = await this.#lock(name);
    try {
      return await this.#exists(name);
    } finally {
      await release();
    }
  }

  /** Nobody needs to know of it any more. */
  async forget(name: string): Promise<void> {
    await diskFiles.remove(this.#path(name, 'done'));
  }

  async #lock(name: string): Promise<Release> {
    const endMs = performance.now() + this.#waitMs;
    for (;;) {
      try {
        return await lockDirectory(this.#path(name, 'lock'));
      } catch (thrown) {
        const code = thrown instanceof PosternError ? thrown.code : '';
        const isBusy = code === 'DATA_IN_USE';
        if (!isBusy && code !== 'DATA_UNUSABLE') throw thrown;
        // Nobody is kept from healing by a disk that takes nothing more, or by whoever stands still: to do it twice changes nothing.
        if (!isBusy || performance.now() > endMs) return async () => {};
        await sleep(lookEveryMs);
      }
    }
  }

  async #exists(name: string): Promise<boolean> {
    return (await diskFiles.list(this.#directory)).includes(`${name}.json`);
  }

  async #read(name: string): Promise<Intent | undefined> {
    const text = await readOwnFile(this.#path(name, 'json'));
    return text === undefined ? undefined : intent.parse(JSON.parse(text));
  }

  async #done(name: string): Promise<Healed | undefined> {
    const text = await readFile(this.#path(name, 'done'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    return healedOf(done.parse(JSON.parse(text)));
  }

  #path(name: string, kind: 'json' | 'done' | 'lock'): string {
    return join(this.#directory, `${name}.${kind}`);
  }
}

function healedOf({ atMs, said }: z.infer<typeof done>): Healed {
  return { atMs, ...(said === undefined ? {} : { code: 'FAULT_DIFFERED', message: said }) };
}
