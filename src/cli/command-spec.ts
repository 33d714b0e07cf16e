import type { Invocation } from './invocation.js';

/** What may be written in the place of a value, for completion. */
export type Completes =
  | 'node'
  | 'run'
  | 'actor'
  | 'operation'
  | 'log'
  | 'service'
  | 'method'
  | 'context'
  | 'file'
  | 'directory';

interface OptionBase {
  /** Long name without dashes: `max-time`. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** One phrase, no full stop. */
  readonly summary: string;
  /** Further environment variables that stand for it, as programs of before named them; its own wins over them. */
  readonly env?: readonly string[];
  /** Further long names of the flag, as programs of before or scenarios call it; its own wins over them. */
  readonly aliases?: readonly string[];
}

/** An option of a command, in all its forms: flag, environment variable, help, documentation and completion. */
export type OptionSpec = OptionBase &
  (
    | { readonly kind: 'flag' }
    | {
        readonly kind: 'text';
        /** Placeholder of the value: `DIR`. */
        readonly value: string;
        readonly default?: string;
        readonly completes?: Completes;
      }
    | {
        /** May be given several times. */
        readonly kind: 'list';
        readonly value: string;
        /** What stands between the values in the environment variable; default: a comma. */
        readonly separator?: string;
        /** Told in the help only. */
        readonly shownDefault?: string;
        readonly completes?: Completes;
      }
    | {
        /** Go style: `1h30m`, `500ms`; a bare number is seconds. */
        readonly kind: 'duration';
        readonly default?: string;
      }
    | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default?: string }
  );

/** A word that is given by its place. */
export interface ArgumentSpec {
  /** In capitals: `NODE`. */
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** Any number of further words of the kind may follow; only the last argument may have this. */
  readonly several?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

/** One command of `postern`. */
export interface CommandSpec {
  /** Words that call it: `['token', 'create']`. */
  readonly path: readonly string[];
  /** One phrase, no full stop. */
  readonly summary: string;
  /** More, for its help and documentation. */
  readonly description?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** At least one, unless hidden. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** Not shown in help, documentation and completion. */
  readonly hidden?: boolean;
  /** It does something at SIGHUP, which does not end it then, from its first step on. */
  readonly hearsHangUps?: true;
  /** Loads what it needs only when it runs. */
  readonly load: () => Promise<CommandModule>;
}

/** A command's code. Resolves to the exit status. */
export interface CommandModule {
  run(invocation: Invocation): Promise<number>;
}

/** A word that has sub-commands only. */
export interface GroupSpec {
  readonly path: readonly string[];
  readonly summary: string;
}

/** Name of the environment variable that stands for an option. */
export function envNameOf(option: Pick<OptionSpec, 'name'>): string {
  return `POSTERN_${option.name.toUpperCase().replaceAll('-', '_')}`;
}
