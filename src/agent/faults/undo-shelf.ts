import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lockDirectory, type Release } from '../../bus/directory-lock.js';
import { PosternError } from '../../errors.js';
import { replacePrivateFile } from '../../private-file.js';
import { diskFiles } from '../journal/files.js';
import type { Healed } from './injection.js';
import { carryOut, type Intent, intent, type Undo } from './undo.js';

const done = z.object({ v: z.literal(1), atMs: z.number(), said: z.string().exactOptional() });
/** How long somebody who undoes the same is waited for, milliseconds. */
const waitMs = 30_000;
const lookEveryMs = 100;

/**
 * What is to be undone, in `<directory>/<name>.json`, safe on disk before it is done; and `<name>.done` for what was undone.
 * An agent, its guardian and the next agent share it: who comes first undoes, the others learn of it.
 */
export class UndoShelf {
  readonly #directory: string;
  readonly #owner: string;

  /** `owner`: the agent on whose behalf. */
  constructor(directory: string, owner: string) {
    this.#directory = directory;
    this.#owner = owner;
  }

  get directory(): string {
    return this.#directory;
  }

  get owner(): string {
    return this.#owner;
  }

  /** Throws `DATA_UNUSABLE` where it is not safe. */
  async put(name: string, undo: Undo, endsAtMs: number): Promise<void> {
    const written: Intent = { v: 1, undo, owner: this.#owner, endsAtMs };
    await diskFiles.remove(this.#path(name, 'done'));
    await replacePrivateFile(this.#path(name, 'json'), JSON.stringify(written));
    await diskFiles.syncDirectory(this.#directory);
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
      const healed = { v: 1, atMs: Date.now(), ...(said === undefined ? {} : { said }) };
      await replacePrivateFile(this.#path(name, 'done'), JSON.stringify(healed));
      await diskFiles.remove(this.#path(name, 'json'));
      return await this.#done(name);
    } finally {
      await release();
    }
  }

  /** Nobody needs to know of it any more. */
  async forget(name: string): Promise<void> {
    await diskFiles.remove(this.#path(name, 'done'));
  }

  async #lock(name: string): Promise<Release> {
    const endMs = performance.now() + waitMs;
    for (;;) {
      try {
        return await lockDirectory(this.#path(name, 'lock'));
      } catch (thrown) {
        const busy = thrown instanceof PosternError && thrown.code === 'DATA_IN_USE';
        if (!busy || performance.now() > endMs) throw thrown;
        await sleep(lookEveryMs);
      }
    }
  }

  async #exists(name: string): Promise<boolean> {
    return (await diskFiles.list(this.#directory)).includes(`${name}.json`);
  }

  async #read(name: string): Promise<Intent | undefined> {
    const text = await readFile(this.#path(name, 'json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : intent.parse(JSON.parse(text));
  }

  async #done(name: string): Promise<Healed | undefined> {
    const text = await readFile(this.#path(name, 'done'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const { atMs, said } = done.parse(JSON.parse(text));
    return { atMs, ...(said === undefined ? {} : { code: 'FAULT_DIFFERED', message: said }) };
  }

  #path(name: string, kind: 'json' | 'done' | 'lock'): string {
    return join(this.#directory, `${name}.${kind}`);
  }
}
