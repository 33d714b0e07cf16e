import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { dataUnusable, hasErrorCode } from '../../private-file.js';
import { type Misdeed, misdeeds } from './plan.js';

const line = z.object({ misdeed: z.enum(misdeeds), n: z.number().int().positive() });

/** The file that tells what was done wrong on purpose: a JSON object on each line, on disk before it is done. */
export class Truth {
  readonly #path: string;
  #file: number | undefined;
  readonly #last = new Map<Misdeed, number>();

  /** Reads what was done before. Throws `DATA_UNUSABLE`. */
  constructor(path: string) {
    this.#path = path;
    for (const text of linesOf(path)) {
      const told = parse(text);
      if (told !== undefined) this.#last.set(told.misdeed, Math.max(told.n, this.last(told.misdeed)));
    }
  }

  /** Number of the last one that was done so, by an earlier process too; 0: none. */
  last(misdeed: Misdeed): number {
    return this.#last.get(misdeed) ?? 0;
  }

  /** Tells; returns when it is on disk. Throws `DATA_UNUSABLE`. */
  tell(misdeed: Misdeed, n: number, facts: Readonly<Record<string, string | number>>): void {
    this.#last.set(misdeed, n);
    try {
      this.#file ??= openSync(this.#path, 'a', 0o600);
      writeSync(this.#file, `${JSON.stringify({ misdeed, n, atMs: Date.now(), ...facts })}\n`);
      fsyncSync(this.#file);
    } catch (cause) {
      throw dataUnusable(this.#path, cause);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (cause) {
    if (hasErrorCode(cause, 'ENOENT')) return [];
    throw dataUnusable(path, cause);
  }
}

function parse(text: string): z.infer<typeof line> | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined; // the last line of a process that ended while it wrote
  }
}
