import {
  type Choices,
  type CommandWords,
  completedCommands,
  firstWords,
  groupWords,
  wordsAfter,
} from './words.js';

/** The completion script for fish. */
export function fishScript(): string {
  const lines = [
    '# Completion of postern for fish.',
    'function __postern_nodes',
    '  command postern complete-nodes --connect-timeout 1s 2>/dev/null',
    'end',
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
  return [
    ...flags.map(({ flags: forms, summary, value }) => {
      const names = forms.map((form) =>
        form.startsWith('--') ? `-l ${form.slice(2)}` : `-s ${form.slice(1)}`,
      );
      const after = value === undefined ? '' : ` -r ${choicesOf(value)}`;
      return `complete -c postern -n '__postern_at any ${name}' ${names.join(' ')}${after} -d ${quoted(summary)}`;
    }),
    ...places.map(
      (choices, at) => `complete -c postern -n '__postern_at ${at} ${name}' ${choicesOf(choices)}`,
    ),
  ];
}

function choicesOf({ words, completes }: Choices): string {
  if (words.length > 0) return `-f -a ${quoted(words.join(' '))}`;
  if (completes === 'node') return "-f -a '(__postern_nodes)'";
  if (completes === 'context') return "-f -a '(__postern_contexts)'";
  if (completes === 'directory') return "-f -a '(__fish_complete_directories)'";
  return completes === 'file' ? '-F' : '-f';
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
