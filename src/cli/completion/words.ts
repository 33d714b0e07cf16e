import type { CommandSpec, Completes, OptionSpec } from '../command-spec.js';
import { commands, groups } from '../commands.js';
import { placeholderOf } from '../help.js';
import { serviceCommand } from '../service-commands/spec.js';

/** What may stand in one place: fixed words, or something to look up. */
export interface Choices {
  readonly words: readonly string[];
  readonly completes: Completes | undefined;
}

/** One flag, as a completion script needs it. */
export interface FlagWords {
  /** `--output`, and `-o` where there is one. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** Undefined: it takes no value. */
  readonly value: Choices | undefined;
}

/** So many words are completed of an argument that may be repeated. */
const severalPlaces = 8;

/** One command, as a completion script needs it. */
export interface CommandWords {
  /** `token create`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  readonly places: readonly Choices[];
}

/** By this name the scripts know the commands of services; no word of a command is in capitals. */
export const serviceName = 'SERVICE';

/** Every command that is shown, and those of services. */
export const completedCommands: readonly CommandWords[] = [
  ...commands.filter((command) => command.hidden !== true),
  { ...serviceCommand, path: [serviceName], arguments: (serviceCommand.arguments ?? []).slice(1) },
].map(wordsOf);

/** The first words, with their summaries. */
export const firstWords: readonly { readonly word: string; readonly summary: string }[] = [
  ...commands.filter(({ path, hidden }) => path.length === 1 && hidden !== true),
  // A word may be a command and a group at once.
  ...groups.filter(({ path }) => !commands.some((one) => one.path.length === 1 && one.path[0] === path[0])),
].map(({ path, summary }) => ({ word: path[0] ?? '', summary }));

/** The words after a group's word, with their summaries. */
export function wordsAfter(group: string): { word: string; summary: string }[] {
  return commands
    .filter(({ path, hidden }) => path.length === 2 && path[0] === group && hidden !== true)
    .map(({ path, summary }) => ({ word: path[1] ?? '', summary }));
}

export const groupWords: readonly string[] = groups.map(({ path }) => path[0] ?? '');

/** Commands of two words. */
export const subCommands: readonly string[] = commands
  .filter(({ path, hidden }) => path.length === 2 && hidden !== true)
  .map(({ path }) => path.join(' '));

/** True for a word that is a command too, with arguments and flags of its own. */
export function isCommand(group: string): boolean {
  return commands.some(({ path, hidden }) => path.length === 1 && path[0] === group && hidden !== true);
}

function wordsOf(command: CommandSpec): CommandWords {
  return {
    name: command.path.join(' '),
    summary: command.summary,
    flags: [
      ...(command.options ?? []).map(flagWords),
      { flags: ['--help', '-h'], summary: 'show the help', value: undefined },
    ],
    places: (command.arguments ?? []).flatMap(({ choices, completes, several }) =>
      Array.from({ length: several === true ? severalPlaces : 1 }, () => ({
        words: choices ?? [],
        completes,
      })),
    ),
  };
}

function flagWords(option: OptionSpec): FlagWords {
  const names = [option.name, ...(option.aliases ?? [])];
  const flags = [
    ...names.map((name) => `--${name}`),
    ...(option.short === undefined ? [] : [`-${option.short}`]),
  ];
  if (placeholderOf(option) === undefined) return { flags, summary: option.summary, value: undefined };
  const words = option.kind === 'choice' ? option.choices : [];
  const completes = option.kind === 'text' || option.kind === 'list' ? option.completes : undefined;
  return { flags, summary: option.summary, value: { words, completes } };
}
