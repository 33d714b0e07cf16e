import { type ArgumentSpec, type CommandSpec, envNameOf, type OptionSpec } from './command-spec.js';

/** `-o, --output <json|yaml>`, as commander and people read it. */
export function flagsOf(option: OptionSpec): string {
  const long = `${option.short === undefined ? '' : `-${option.short}, `}--${option.name}`;
  const value = placeholderOf(option);
  return value === undefined ? long : `${long} <${value}>`;
}

/** Another long name of an option, as commander reads it. */
export function aliasFlags(option: OptionSpec, alias: string): string {
  const value = placeholderOf(option);
  return value === undefined ? `--${alias}` : `--${alias} <${value}>`;
}

/** Placeholder of an option's value; undefined for a flag. */
export function placeholderOf(option: OptionSpec): string | undefined {
  switch (option.kind) {
    case 'flag':
      return undefined;
    case 'duration':
      return 'DURATION';
    case 'choice':
      return option.choices.join('|');
    default:
      return option.value;
  }
}

/** What an option is when nobody says anything; undefined where its summary tells, or there is nothing. */
export function defaultOf(option: OptionSpec): string | undefined {
  if (option.kind === 'list') return option.shownDefault;
  return option.kind === 'flag' ? undefined : option.default;
}

/** The summary with other names, default and environment variables. */
export function optionText(option: OptionSpec): string {
  const shown = defaultOf(option);
  const fallback = shown === undefined ? '' : ` (default: ${shown})`;
  return `${option.summary}${fallback} [${envNameOf(option)}]${also(option)}`;
}

/** The other names that it has. */
function also({ aliases = [], env = [] }: OptionSpec): string {
  const names = [...aliases.map((alias) => `--${alias}`), ...env];
  return names.length === 0 ? '' : `, also ${names.join(', ')}`;
}

/** A phrase as a sentence. */
export function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}

/** `NODE [SERVICE]`. */
export function argumentsText(argument: readonly ArgumentSpec[]): string {
  return argument
    .map(({ name, optional, several }) => {
      const shown = several === true ? `${name}...` : name;
      return optional === true ? `[${shown}]` : shown;
    })
    .join(' ');
}

/** The lines that follow the options in a command's help. */
export function examplesText(command: CommandSpec): string {
  const lines = command.examples.map(({ line, does }) => `  # ${does}\n  ${line}`);
  return `\nExamples:\n${lines.join('\n\n')}\n`;
}

/** What follows the list of commands in the help of all. */
export const overviewText = `
Examples:
  # a hub, and a node that serves a gRPC server on this machine
  postern up
  postern agent --node greenhouse --to 127.0.0.1:50051

  # call it, as its own reflection describes it
  postern list greenhouse
  postern call greenhouse grpc.health.v1.Health/Check

  # any service's methods are commands too: postern SERVICE METHOD [NODE]
  echo '{}' | postern hub list-clients
  postern health check greenhouse -d '{}'
  postern health --help

A service with the name of a command is called by its full name, or with a dot before it: postern .activity.
Every option has a twin in the environment, shown in brackets in each command's help.
Exit status: 0 done, 1 failure, 2 usage or configuration, 64 + gRPC code of a call, 80 an agent that its hub
turns away for good, 124 waited too long, 130 interrupted.
`;
