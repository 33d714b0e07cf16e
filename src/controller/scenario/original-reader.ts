import type { z } from 'zod';
import type { Findings } from './draft.js';
import type { Path } from './mistake.js';
import { schemaMistakes, unknownKey } from './schema-mistakes.js';

/** Reads the parts of a file piece by piece, and keeps what is wrong with them. */
export class OriginalReader {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  refuse(path: Path, text: string): void {
    this.#findings.mistakes.push({ path, text });
  }

  warn(path: Path, text: string): void {
    this.#findings.warnings.push({ path, text });
  }

  /** A map; undefined, and told, if it is something else. Nothing at all is an empty one. */
  map(raw: unknown, path: Path): Record<string, unknown> | undefined {
    if (raw === undefined || raw === null) return {};
    if (typeof raw === 'object' && !Array.isArray(raw)) return { ...raw };
    this.refuse(path, 'must be a map of the form name: value');
    return undefined;
  }

  /** The items of a list; nothing at all is an empty one. */
  list(raw: unknown, path: Path): { raw: unknown; path: Path }[] {
    if (raw === undefined || raw === null) return [];
    if (Array.isArray(raw)) return raw.map((item: unknown, i) => ({ raw: item, path: [...path, i] }));
    this.refuse(path, 'must be a list');
    return [];
  }

  /** Keys that are not `known` are told and not used, as by the tool that the form is from. */
  read<T extends z.ZodType>(
    schema: T,
    raw: unknown,
    path: Path,
    known: readonly string[],
  ): z.output<T> | undefined {
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
      for (const key of Object.keys(raw)) {
        if (!known.includes(key)) this.warn([...path, key], `is not used: ${unknownKey(key, known)}`);
      }
    }
    const read = schema.safeParse(raw);
    if (read.success) return read.data;
    for (const { path: inner, text } of schemaMistakes(read.error.issues, raw))
      this.refuse([...path, ...inner], text);
    return undefined;
  }
}
