import {
  type Choices,
  completedCommands,
  firstWords,
  groupWords,
  isCommand,
  serviceName,
  subCommands,
  wordsAfter,
} from './words.js';

/** The completion script for bash (4 or newer; needs no other package). */
export function bashScript(): string {
  return `# Completion of postern for bash.
_postern() {
  local cur prev command service place first i
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()

  # The command's words come first; whatever stands behind them is counted by its place.
  # Where the first word is no command, it is a service.
  command="" service="" place=0 first=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) _postern_takes_value "$command" "\${COMP_WORDS[i]}" && ((i++)) ;;
      *)
        case "$command \${COMP_WORDS[i]}" in
          ${firstWords.map(({ word }) => `" ${word}"`).join('|')}) command="\${COMP_WORDS[i]}" ;;
          " "*) command="${serviceName}" service="\${COMP_WORDS[i]}" ;;
          ${subCommands.map((name) => `"${name}"`).join('|')}) command="$command \${COMP_WORDS[i]}" ;;
          "hub "*) command="${serviceName}" service=hub place=1 ;;
          *) ((place++)) ; [[ -n "$first" ]] || first="\${COMP_WORDS[i]}" ;;
        esac ;;
    esac
  done

  if [[ "$prev" == -* ]] && _postern_takes_value "$command" "$prev"; then
    _postern_value "$command" "$prev"
    return
  fi
  case "$command" in
    "") COMPREPLY=($(compgen -W "${plain(firstWords)} help --help --version" -- "$cur"))
      [[ -n "$cur" && "$cur" != -* ]] && COMPREPLY+=($(compgen -W "$(_postern_services)" -- "$cur"))
      return ;;
${groupWords.map(groupReply).join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$(_postern_flags "$command")" -- "$cur"))
    return
  fi
  case "$command:$place" in
${completedCommands.flatMap(({ name, places }) => places.map((choices, at) => `    "${name}:${at}") ${reply(choices, '+=')} ;;`)).join('\n')}
  esac
}

_postern_nodes() {
  command postern complete-nodes --connect-timeout 1s 2>/dev/null
}

_postern_runs() {
  command postern complete-runs --connect-timeout 1s 2>/dev/null
}

_postern_actors() {
  command postern complete-actors --connect-timeout 1s 2>/dev/null
}

_postern_logs() {
  command postern complete-logs "$1" --connect-timeout 1s 2>/dev/null
}

_postern_operations() {
  command postern complete-operations "$1" --connect-timeout 1s 2>/dev/null
}

# Without an argument the services, with one the methods of that service.
_postern_services() {
  command postern complete-services "$@" --connect-timeout 1s 2>/dev/null
}

_postern_contexts() {
  command postern complete-contexts 2>/dev/null
}

_postern_flags() {
  case "$1" in
${completedCommands.map(({ name, flags }) => `    "${name}") echo "${flags.flatMap((flag) => flag.flags).join(' ')}" ;;`).join('\n')}
  esac
}

_postern_takes_value() {
  case "$1:$2" in
${valued((key) => `    ${key}) return 0 ;;`)}
  esac
  return 1
}

_postern_value() {
  case "$1:$2" in
${valued((key, choices) => `    ${key}) ${reply(choices)} ;;`)}
  esac
}

complete -F _postern postern
`;
}

function valued(line: (key: string, choices: Choices) => string): string {
  return completedCommands
    .flatMap(({ name, flags }) =>
      flags.flatMap(({ flags: forms, value }) =>
        value === undefined ? [] : [line(forms.map((form) => `"${name}:${form}"`).join('|'), value)],
      ),
    )
    .join('\n');
}

/** What may stand after the word of a group; where it is a command too, its own words and flags may stand there as well. */
function groupReply(group: string): string {
  const live = group === 'hub' ? ' $(_postern_services hub)' : '';
  const words = `COMPREPLY=($(compgen -W "${plain(wordsAfter(group))}${live}" -- "$cur"))`;
  return isCommand(group)
    ? `    ${group}) [[ $place -eq 0 && "$cur" != -* ]] && ${words} ;;`
    : `    ${group}) ${words} ; return ;;`;
}

function reply({ words, completes }: Choices, assign = '='): string {
  const compgen = (how: string): string => `COMPREPLY${assign}($(compgen ${how} -- "$cur"))`;
  if (words.length > 0) return compgen(`-W "${words.join(' ')}"`);
  if (completes === 'node') return compgen('-W "$(_postern_nodes)"');
  if (completes === 'run') return compgen('-W "$(_postern_runs)"');
  if (completes === 'actor') return compgen('-W "$(_postern_actors)"');
  if (completes === 'log') return compgen('-W "$(_postern_logs "$first")"');
  if (completes === 'operation') return compgen('-W "$(_postern_operations "$first")"');
  if (completes === 'method') return compgen('-W "$(_postern_services "$service")"');
  if (completes === 'context') return compgen('-W "$(_postern_contexts)"');
  if (completes === 'file') return compgen('-f');
  return completes === 'directory' ? compgen('-d') : ':';
}

function plain(words: readonly { readonly word: string }[]): string {
  return words.map(({ word }) => word).join(' ');
}
