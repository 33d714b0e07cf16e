import {
  type Choices,
  type CommandWords,
  completedCommands,
  firstWords,
  groupWords,
  serviceName,
  wordsAfter,
} from './words.js';

/** The completion script for fish. */
export function fishScript(): string {
  const lines = [
    '# Completion of postern for fish.',
    'function __postern_nodes',
    '  command postern complete-nodes --connect-timeout 1s 2>/dev/null',
    'end',
    'function __postern_runs',
    '  command postern complete-runs --connect-timeout 1s 2>/dev/null',
    'end',
    'function __postern_actors',
    '  command postern complete-actors --connect-timeout 1s 2>/dev/null',
    'end',
    'function __postern_logs',
    '  set -l words (string match -v -- "-*" (commandline -opc))',
    '  command postern complete-logs $words[3] --connect-timeout 1s 2>/dev/null',
    'end',
    '# What can be done to the actor that is the word behind the command.',
    'function __postern_operations',
    '  set -l words (string match -v -- "-*" (commandline -opc))',
    '  command postern complete-operations $words[3] --connect-timeout 1s 2>/dev/null',
    'end',
    '# Without an argument the services, with one the methods of that service.',
    'function __postern_services',
    '  command postern complete-services $argv --connect-timeout 1s 2>/dev/null',
    'end',
    '',
    '# The first word, where it is a service: no command is called so, or it is hub and the second is none of its own.',
    'function __postern_service',
    '  set -l words (string match -v -- "-*" (commandline -opc))',
    '  test (count $words) -ge 2; or return 1',
    `  if contains -- $words[2] ${firstWords.map(({ word }) => word).join(' ')}`,
    `    test $words[2] = hub; and test (count $words) -ge 3; and not contains -- $words[3] ${wordsAfter(
      'hub',
    )
      .map(({ word }) => word)
      .join(' ')}; or return 1`,
    '  end',
    '  echo $words[2]',
    'end',
    '',
    '# True on the line of a service; with a number first: when so many words follow the service.',
    'function __postern_at_service',
    '  __postern_service >/dev/null; or return 1',
    '  set -l words (string match -v -- "-*" (commandline -opc))',
    '  test $argv[1] = any; or test (count $words) -eq (math $argv[1] + 2)',
    'end',
    '',
    'function __postern_contexts',
    '  command postern complete-contexts 2>/dev/null',
    'end',
    '',
    '# True when the words that are no options begin with the given ones; with a number first: and so many follow.',
    'function __postern_at',
    '  set -l after $argv[1]',
    '  set -l wanted $argv[2..-1]',
    '  set -l words (commandline -opc)',
    '  set -l given',
    '  for word in $words[2..-1]',
    "    string match -q -- '-*' $word; or set -a given $word",
    '  end',
    '  set -l count (count $wanted)',
    '  for i in (seq $count)',
    '    test "$given[$i]" = "$wanted[$i]"; or return 1',
    '  end',
    '  test $after = any; or test (math (count $given) - $count) -eq $after',
    'end',
    '',
    'complete -c postern -f',
    ...firstWords.map(
      ({ word, summary }) => `complete -c postern -n '__postern_at 0' -a ${word} -d ${quoted(summary)}`,
    ),
    "complete -c postern -n '__postern_at 0; and test -n (commandline -ct)' -a '(__postern_services)'",
    "complete -c postern -n '__postern_at 0 hub' -a '(__postern_services hub)'",
    ...groupWords.flatMap((group) =>
      wordsAfter(group).map(
        ({ word, summary }) =>
          `complete -c postern -n '__postern_at 0 ${group}' -a ${word} -d ${quoted(summary)}`,
      ),
    ),
    ...completedCommands.flatMap(linesOf),
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf({ name, flags, places }: CommandWords): string[] {
  const at = (after: string | number): string =>
    name === serviceName
      ? `__postern_at_service ${after}`
      : `__postern_at ${after} ${name}${name === 'hub' ? '; and not __postern_service >/dev/null' : ''}`;
  return [
    ...flags.map(({ flags: forms, summary, value }) => {
      const names = forms.map((form) =>
        form.startsWith('--') ? `-l ${form.slice(2)}` : `-s ${form.slice(1)}`,
      );
      const after = value === undefined ? '' : ` -r ${choicesOf(value)}`;
      return `complete -c postern -n '${at('any')}' ${names.join(' ')}${after} -d ${quoted(summary)}`;
    }),
    ...places.map((choices, place) => `complete -c postern -n '${at(place)}' ${choicesOf(choices)}`),
  ];
}

function choicesOf({ words, completes }: Choices): string {
  if (words.length > 0) return `-f -a ${quoted(words.join(' '))}`;
  if (completes === 'node') return "-f -a '(__postern_nodes)'";
  if (completes === 'run') return "-f -a '(__postern_runs)'";
  if (completes === 'actor') return "-f -a '(__postern_actors)'";
  if (completes === 'log') return "-f -a '(__postern_logs)'";
  if (completes === 'operation') return "-f -a '(__postern_operations)'";
  if (completes === 'method') return "-f -a '(__postern_services (__postern_service))'";
  if (completes === 'context') return "-f -a '(__postern_contexts)'";
  if (completes === 'directory') return "-f -a '(__fish_complete_directories)'";
  return completes === 'file' ? '-F' : '-f';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
