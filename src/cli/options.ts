import { durationHelp, parseDurationMs } from '../duration.js';
import { errorText, PosternError } from '../errors.js';
import { envNameOf, type OptionSpec } from './command-spec.js';

/** A value that was given, and where. */
export interface Given {
  readonly value: string | boolean | readonly string[];
  /** `--listen` or `POSTERN_LISTEN`. */
  readonly from: string;
  readonly by: 'flag' | 'environment';
  /** Said by another name than its own. */
  readonly older: boolean;
}

/** The options of one run of a command: the flag wins over the environment variable, that over the default. */
export class Options {
  readonly #specs: ReadonlyMap<string, OptionSpec>;
  readonly #flags: ReadonlyMap<string, unknown>;
  readonly #env: NodeJS.ProcessEnv;

  constructor(specs: readonly OptionSpec[], flags: ReadonlyMap<string, unknown>, env: NodeJS.ProcessEnv) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.#flags = flags;
    this.#env = env;
  }

  /** What was said by flag or environment; undefined when the default counts. Throws `OPTION_INVALID` (exit status 2). */
  given(name: string): Given | undefined {
    const spec = this.#spec(name);
    for (const long of [name, ...(spec.aliases ?? [])]) {
      const flag = this.#flags.get(long);
      const from = `--${long}`;
      if (flag !== undefined)
        return { value: checked(spec, flag, from), from, by: 'flag', older: long !== name };
    }
    for (const from of [envNameOf(spec), ...(spec.env ?? [])]) {
      const text = this.#env[from];
      if (text === undefined || text === '') continue;
      const value = checked(spec, fromEnv(spec, text, from), from);
      return { value, from, by: 'environment', older: from !== envNameOf(spec) };
    }
    return undefined;
  }

  /** True for an option that the command has. */
  has(name: string): boolean {
    return this.#specs.has(name);
  }

  /** What is wrong with what was given, of all options. */
  mistakes(): string[] {
    return [...this.#specs.keys()].flatMap((name) => {
      try {
        this.given(name);
        return [];
      } catch (thrown) {
        return [errorText(thrown)];
      }
    });
  }

  /** A text or choice, its default, or undefined. */
  text(name: string): string | undefined {
    const spec = this.#spec(name);
    const given = this.given(name)?.value;
    if (typeof given === 'string') return given;
    return spec.kind === 'text' || spec.kind === 'choice' ? spec.default : undefined;
  }

  flag(name: string): boolean {
    return this.given(name)?.value === true;
  }

  list(name: string): readonly string[] {
    const given = this.given(name)?.value;
    return typeof given === 'object' ? given : [];
  }

  /** Milliseconds, or undefined when neither said nor defaulted. */
  durationMs(name: string): number | undefined {
    const spec = this.#spec(name);
    const given = this.given(name)?.value;
    const text = typeof given === 'string' ? given : spec.kind === 'duration' ? spec.default : undefined;
    return text === undefined ? undefined : parseDurationMs(text);
  }

  #spec(name: string): OptionSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`the command has no option ${name}`);
    return spec;
  }
}

function fromEnv(spec: OptionSpec, text: string, from: string): string | boolean | string[] {
  if (spec.kind === 'list') {
    const parts = text.split(spec.separator ?? ',').map((part) => part.trim());
    return parts.filter((part) => part !== '');
  }
  if (spec.kind !== 'flag') return text;
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw invalid(from, text, 'true or false');
}

function checked(spec: OptionSpec, value: unknown, from: string): Given['value'] {
  if (spec.kind === 'flag') return value === true;
  if (spec.kind === 'list') return Array.isArray(value) ? value.map(String) : [String(value)];
  const text = String(value);
  if (spec.kind === 'choice' && !spec.choices.includes(text)) {
    throw invalid(from, text, `one of ${spec.choices.join(', ')}`);
  }
  if (spec.kind === 'duration' && parseDurationMs(text) === undefined)
    throw invalid(from, text, durationHelp);
  return text;
}

function invalid(from: string, text: string, wanted: string): PosternError {
  return new PosternError('OPTION_INVALID', `${from}: '${text}' is not ${wanted}`, { exitCode: 2 });
}
