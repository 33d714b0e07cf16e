import { editDistance } from '../../client/nearest.js';
import { commands, groups } from '../commands.js';

/** The command whose further words are methods of the hub's own service of that name. */
const sharedWord = 'hub';

/** First words that are commands. */
export const commandWords: readonly string[] = [
  ...new Set([...commands, ...groups].map(({ path }) => path[0] ?? '').concat('help')),
];

/**
 * The arguments as those of a service's command, and whether its help is wanted; undefined where they are those of a command in the table. What is only
 * one word and a slip away from a command is taken for that.
 */
export function serviceLine(args: readonly string[]): { help: boolean; args: readonly string[] } | undefined {
  const [first = '', second = ''] = args;
  if (!/^\.?[A-Za-z_][\w.-]*$/.test(first)) return undefined;
  if (commandWords.includes(first)) {
    const known = commands.some(({ path }) => path[0] === sharedWord && path[1] === second);
    if (first !== sharedWord || second === '' || second.startsWith('-') || known) return undefined;
  } else if (args.length === 1 && nearCommand(first, 1) !== undefined) return undefined;
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const helpless = args.filter((arg) => !(before.includes(arg) && (arg === '--help' || arg === '-h')));
  return { help: helpless.length < args.length, args: helpless };
}

/** The command that a word of three letters or more may be a slip of; `most` letters differ. */
export function nearCommand(word: string, most = word.length < 5 ? 1 : 2): string | undefined {
  if (word.length < 3 || word.startsWith('.')) return undefined;
  const near = commandWords.map((command) => ({ command, distance: editDistance(word, command) }));
  return near.toSorted((a, b) => a.distance - b.distance).find(({ distance }) => distance <= most)?.command;
}
