import type { CommandSpec } from './command-spec.js';
import type { Options } from './options.js';

/** What a command reads from and writes to. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  /** For data alone. */
  readonly stdout: NodeJS.WriteStream;
  /** For everything else. */
  readonly stderr: NodeJS.WriteStream;
}

/** One run of a command. */
export interface Invocation {
  readonly command: CommandSpec;
  /** The words given by place, in the order of `CommandSpec.arguments`; absent ones are undefined. */
  readonly words: readonly (string | undefined)[];
  readonly options: Options;
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
}

/** The word at a place that the parser has made sure is there. */
export function requiredWord(invocation: Invocation, at: number): string {
  const word = invocation.words[at];
  if (word === undefined) throw new Error(`${invocation.command.path.join(' ')} has no argument ${at}`);
  return word;
}
