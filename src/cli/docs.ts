import { agentBindings } from './agent-settings.js';
import { type CommandSpec, envNameOf, type OptionSpec } from './command-spec.js';
import { commands } from './commands.js';
import { argumentsText, defaultOf, flagsOf, sentence } from './help.js';
import { hubServeBindings } from './hub-serve-settings.js';
import { hubBindings, upBindings } from './hub-settings.js';
import { serveBindings } from './serve-settings.js';
import { serviceCommand } from './service-commands/spec.js';
import type { Binding } from './settings.js';

/** docs/cli.md: every command, as the command table declares it. */
export function cliDocument(): string {
  const shown = commands.filter((command) => command.hidden !== true);
  return `<!-- Made from the command table in src/cli by \`node dist/src/cli/print-docs.js\`; do not edit. -->

# The command \`postern\`

${shown.map(({ path, summary }) => `- [\`postern ${path.join(' ')}\`](#postern-${path.join('-')}): ${summary}`).join('\n')}
- [\`postern SERVICE METHOD NODE\`](#postern-service): ${serviceCommand.summary}; see [Commands of services](service-commands.md)

## What all commands have in common

- Every option has a twin in the environment. The flag wins over the environment, that over \`--config FILE\`, that over
  the default. An option that may be repeated is separated by commas in the environment, \`--route\` by semicolons,
  \`--header\` by new lines.
- A \`--config\` file is YAML. Its settings have the names in the tables below; \`routes\` is a list of
  [rows](routes.md), \`labels\` an object. All mistakes are told at once, and nothing is started.
- Data goes to stdout, everything else to stderr. Colours are used on a terminal only, and not where \`NO_COLOR\` is set.
- Durations are written as \`30s\`, \`1h30m\` or \`500ms\`; a bare number is seconds.
- A client finds the hub by \`--hub\`, else by its context, else by the file \`hub.json\` that a running hub leaves in its
  data directory, else at 127.0.0.1:9090; and its token by \`--token\` or \`--token-file\`, else in its context, else in
  \`tokens/admin.jwt\` of the data directory.
- A [context](#postern-context-add) that \`--context\` names counts like flags; one that \`POSTERN_CONTEXT\` names, or that
  \`postern context use\` chose, comes after the environment, and not at all where another hub is named. The chosen one
  does not count either where \`--data\` or \`POSTERN_DATA\` is said. A context's token is shown to no other hub, and the
  token of this machine's data directory not to a context's hub, unless the context names the directory.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | failure |
| 2 | usage or configuration |
| 64 + code | a call ended with that gRPC code, e.g. 69 is NOT_FOUND |
| 80 | an agent's hub turns it away for good: its token, its key or its version is not taken, or a newer process has its place |
| 124 | waited too long |
| 130 | interrupted (Ctrl-C) |

${[...shown, serviceCommand].map(section).join('\n')}`;
}

function section(command: CommandSpec): string {
  const name = command.path.join(' ');
  const places = argumentsText(command.arguments ?? []);
  const usage = [
    ['postern', ...command.path].join(' '),
    ...(command.options === undefined ? [] : ['[OPTIONS]']),
    places,
  ];
  const words = (command.arguments ?? [])
    .map((one) => `- \`${one.name}\`: ${escaped(one.summary)}\n`)
    .join('');
  const settings = settingsOf.get(name);
  return `## postern ${name === '' ? 'SERVICE' : name}

${sentence(command.summary)}${command.description === undefined ? '' : ` ${command.description}`}

\`\`\`
${usage.join(' ').trimEnd()}
\`\`\`

${words === '' ? '' : `${words}\n`}${optionTable(command.options ?? [], settings)}${examples(command)}`;
}

/** Names of the settings in a `--config` file, by option. */
const settingsOf: ReadonlyMap<string, readonly Binding[]> = new Map([
  ['up', upBindings],
  ['hub', hubBindings],
  ['hub serve', hubServeBindings],
  ['agent', agentBindings],
  ['serve', serveBindings],
]);

function optionTable(options: readonly OptionSpec[], settings: readonly Binding[] | undefined): string {
  if (options.length === 0) return '';
  const columns = ['option', 'environment', ...(settings === undefined ? [] : ['in --config']), 'meaning'];
  const rows = options.map((option) => {
    const key = settings?.find((binding) => binding.option === option.name)?.key.join('.');
    return [
      [flagsOf(option), ...(option.aliases ?? []).map((alias) => `--${alias}`)].map(code).join(', '),
      [envNameOf(option), ...(option.env ?? [])].map(code).join(', '),
      ...(settings === undefined ? [] : [key === undefined ? '' : code(key)]),
      `${escaped(option.summary)}${fallback(option)}`,
    ];
  });
  const lines = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n\n`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function fallback(option: OptionSpec): string {
  const shown = defaultOf(option);
  return shown === undefined ? '' : ` (default: ${escaped(shown)})`;
}

function examples({ examples: lines }: CommandSpec): string {
  const shown = lines.map(({ line, does }) => `# ${does}\n${line}`).join('\n\n');
  return `\`\`\`sh\n${shown}\n\`\`\`\n`;
}

/** Inside a cell of a table. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*');
}
