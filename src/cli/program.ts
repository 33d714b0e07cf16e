import { Argument, Command, type Help, Option } from 'commander';
import type { CommandSpec } from './command-spec.js';
import { commands, groups } from './commands.js';
import { aliasFlags, examplesText, flagsOf, optionText, overviewText, sentence } from './help.js';
import type { Streams } from './invocation.js';

/** What the parser found: a command and what was given to it. */
export interface Parsed {
  readonly command: CommandSpec;
  readonly words: readonly (string | undefined)[];
  /** By the option's name; only what was given. */
  readonly flags: ReadonlyMap<string, unknown>;
}

/** Where help goes. */
type Printing = Pick<Streams, 'stdout' | 'stderr'>;

/** The parser, made from the command table. `found` hears of the command that shall run. */
export function createProgram(version: string, streams: Printing, found: (parsed: Parsed) => void): Command {
  const program = configured(new Command('postern'), streams)
    .description('Reach gRPC servers behind NAT and firewalls, over NATS.')
    .version(version, '--version', 'print the version')
    .addHelpText('after', overviewText)
    .helpCommand('help [COMMAND]', 'show the help of a command')
    .enablePositionalOptions();
  const parents = new Map<string, Command>();
  for (const spec of commands) {
    const [first = '', second] = spec.path;
    if (second === undefined) {
      parents.set(first, addCommand(program, spec, streams, found));
      continue;
    }
    const parent = parents.get(first) ?? addGroup(program, first, streams);
    parents.set(first, parent);
    addCommand(parent, spec, streams, found);
  }
  return program;
}

/** A parser for one command alone, whose words and options may stand in any order. */
export function createCommand(
  spec: CommandSpec,
  streams: Printing,
  found: (parsed: Parsed) => void,
): Command {
  const command = configured(new Command(['postern', ...spec.path].join(' ')), streams);
  fill(command, spec, found);
  return command;
}

function addGroup(program: Command, word: string, streams: Printing): Command {
  const group = groups.find(({ path }) => path[0] === word);
  const summary = group?.summary ?? '';
  return configured(program.command(word, { hidden: group === undefined }), streams)
    .summary(summary)
    .description(sentence(summary))
    .helpCommand(false);
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  streams: Printing,
  found: (parsed: Parsed) => void,
): Command {
  const command = configured(
    parent.command(spec.path.at(-1) ?? '', spec.hidden === true ? { hidden: true } : {}),
    streams,
  );
  fill(command, spec, (parsed) => {
    // A command with sub-commands takes options of its own, and would swallow those that stand before the second word.
    const [lost] = Object.keys(parent.opts());
    if (lost !== undefined) command.error(`options of '${spec.path.join(' ')}' stand behind these words`);
    found(parsed);
  });
  // What stands after the word of a sub-command is the sub-command's.
  return command.enablePositionalOptions();
}

/** Gives a command its words, options and help. */
function fill(command: Command, spec: CommandSpec, found: (parsed: Parsed) => void): void {
  command.summary(spec.summary);
  const about = spec.description === undefined ? '' : `\n\n${spec.description}`;
  command.description(`${sentence(spec.summary)}${about}`);
  for (const argument of spec.arguments ?? []) {
    const name = argument.several === true ? `${argument.name}...` : argument.name;
    const made = new Argument(argument.optional === true ? `[${name}]` : `<${name}>`);
    made.description = argument.summary;
    if (argument.choices !== undefined) made.choices([...argument.choices]);
    command.addArgument(made);
  }
  const attributes = new Map<string, Option>();
  for (const option of spec.options ?? []) {
    const aliases = (option.aliases ?? []).map((alias) => new Option(aliasFlags(option, alias)).hideHelp());
    for (const made of [new Option(flagsOf(option), optionText(option)), ...aliases]) {
      if (option.kind === 'list') made.argParser(collect);
      attributes.set(made.name(), made);
      command.addOption(made);
    }
  }
  if (spec.examples.length > 0) command.addHelpText('after', examplesText(spec));
  command.action(() => {
    const given: Record<string, unknown> = command.opts();
    const flags = new Map<string, unknown>();
    for (const [name, made] of attributes) {
      const value = given[made.attributeName()];
      // Of `--no-x` the parser tells x, which is true where the flag was not given.
      if (made.negate) {
        if (value === false) flags.set(name, true);
      } else if (value !== undefined) flags.set(name, value);
    }
    found({ command: spec, words: command.args, flags });
  });
}

function collect(value: string, earlier: unknown): string[] {
  return [...(Array.isArray(earlier) ? earlier.map(String) : []), value];
}

/** What all commands have in common: errors are thrown, and told by the caller; help goes to these. */
function configured(command: Command, streams: Printing): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
      getOutHelpWidth: () => (streams.stdout.isTTY === true ? (streams.stdout.columns ?? 80) : 80),
      outputError: () => {},
    })
    .configureHelp({ formatItem: twoColumns })
    .helpOption('-h, --help', 'show this help');
}

/** Where the second column of a help begins. */
const secondColumn = 26;

/** An entry of a help; a long first column has a line of its own. */
function twoColumns(term: string, _width: number, text: string, helper: Help): string {
  const wrapped = helper.boxWrap(text, Math.max((helper.helpWidth ?? 80) - secondColumn, 40));
  const lines = wrapped.split('\n').map((line) => ' '.repeat(secondColumn) + line);
  const head = `  ${term}`;
  if (head.length > secondColumn - 2) return [head, ...lines].join('\n');
  return [head + (lines[0] ?? '').slice(head.length), ...lines.slice(1)].join('\n');
}
