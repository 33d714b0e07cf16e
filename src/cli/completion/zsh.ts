import {
  type Choices,
  type CommandWords,
  completedCommands,
  firstWords,
  groupWords,
  isCommand,
  serviceName,
  subCommands,
  wordsAfter,
} from './words.js';

/** The completion script for zsh: for a directory of $fpath as `_postern`, or to be sourced. */
export function zshScript(): string {
  return `#compdef postern
# Completion of postern for zsh.

_postern_nodes() {
  local -a nodes
  nodes=(\${(f)"$(command postern complete-nodes --connect-timeout 1s 2>/dev/null)"})
  _describe 'node' nodes
}

_postern_runs() {
  local -a runs
  runs=(\${(f)"$(command postern complete-runs --connect-timeout 1s 2>/dev/null)"})
  _describe 'run' runs
}

_postern_actors() {
  local -a actors
  actors=(\${(f)"$(command postern complete-actors --connect-timeout 1s 2>/dev/null)"})
  _describe 'actor' actors
}

_postern_logs() {
  local -a logs
  logs=(\${(f)"$(command postern complete-logs "$1" --connect-timeout 1s 2>/dev/null)"})
  compadd -a logs
}

_postern_operations() {
  local -a operations
  operations=(\${(f)"$(command postern complete-operations "$1" --connect-timeout 1s 2>/dev/null)"})
  _describe 'operation' operations
}

# Without an argument the services, with one the methods of that service.
_postern_services() {
  local -a services
  services=(\${(f)"$(command postern complete-services "$@" --connect-timeout 1s 2>/dev/null)"})
  _describe 'service' services
}

_postern_contexts() {
  local -a contexts
  contexts=(\${(f)"$(command postern complete-contexts 2>/dev/null)"})
  _describe 'context' contexts
}

_postern() {
  local curcontext="$curcontext" state line
  local -a commands
  if (( CURRENT == 2 )); then
    commands=(
${described(firstWords)}
    )
    _describe 'command' commands
    [[ -n "$words[2]" && "$words[2]" != -* ]] && _postern_services
    return
  fi
  local command="$words[2]" service="$words[2]"
  if (( CURRENT == 3 )) && [[ "$words[3]" != -* ]]; then
    case "$command" in
${groupWords.map(groupReply).join('\n')}
    esac
  fi
  case "$command $words[3]" in
    ${subCommands.map((name) => `'${name}'`).join('|')})
      command="$command $words[3]"
      shift words; (( CURRENT-- )) ;;
    'hub '[a-z]*) (( CURRENT > 3 )) && command=${serviceName} ;;
    ${firstWords.map(({ word }) => `'${word} '*`).join('|')}) ;;
    *) command=${serviceName} ;;
  esac
  shift words; (( CURRENT-- ))
  case "$command" in
${completedCommands.map(argumentsOf).join('\n')}
  esac
}

if [ "$funcstack[1]" = "_postern" ]; then
  _postern "$@"
else
  compdef _postern postern
fi
`;
}

/** What may stand after the word of a group; where it is a command too, its own words may stand there as well. */
function groupReply(group: string): string {
  const commands = `commands=(\n${described(wordsAfter(group))}\n      ) ; _describe 'command' commands`;
  const live = group === 'hub' ? ' ; _postern_services hub' : '';
  return `      ${group}) ${commands}${live}${isCommand(group) ? '' : ' ; return'} ;;`;
}

function argumentsOf({ name, flags, places }: CommandWords): string {
  const specs = [
    ...flags.flatMap(({ flags: forms, summary, value }) =>
      forms.map((form) => {
        const after = value === undefined ? '' : `:value:${action(value)}`;
        return `'*${form}[${escaped(summary)}]${after}'`;
      }),
    ),
    ...places.map((choices, at) => `'${at + 1}:argument:${action(choices)}'`),
  ];
  return `    '${name}')\n      _arguments -s \\\n        ${specs.join(' \\\n        ')} ;;`;
}

function action({ words, completes }: Choices): string {
  if (words.length > 0) return `(${words.join(' ')})`;
  if (completes === 'node') return '_postern_nodes';
  if (completes === 'run') return '_postern_runs';
  if (completes === 'actor') return '_postern_actors';
  if (completes === 'log') return '{_postern_logs "$words[2]"}';
  if (completes === 'operation') return '{_postern_operations "$words[2]"}';
  if (completes === 'method') return '{_postern_services "$service"}';
  if (completes === 'context') return '_postern_contexts';
  if (completes === 'file') return '_files';
  return completes === 'directory' ? '_files -/' : ' ';
}

function described(words: readonly { readonly word: string; readonly summary: string }[]): string {
  return words
    .map(({ word, summary }) => `      '${word}:${quoted(summary).replaceAll(':', '\\:')}'`)
    .join('\n');
}

/** Inside `[…]` of a specification of _arguments. */
function escaped(text: string): string {
  return quoted(text).replace(/[[\]:]/g, (char) => `\\${char}`);
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
