import type { Readable, Writable } from 'node:stream';
import type { CommandSpec } from './command-spec.js';
import type { HangUps } from './hang-ups.js';
import type { Options } from './options.js';

/** What a command reads, such as `process.stdin`. */
export type Input = Readable & { readonly isTTY?: boolean };

/** What a command writes to, such as `process.stdout`. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command reads from and writes to. */
export interface Streams {
  readonly stdin: Input;
  /** For data alone. */
  readonly stdout: Output;
  /** For everything else. */
  readonly stderr: Output;
}

/** What is around a command: of a process of its own, that process. */
export interface Surroundings {
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
}

/** One run of a command. */
export interface Invocation {
  readonly command: CommandSpec;
  /** The words given by place, in the order of `CommandSpec.arguments`; absent ones are undefined. */
  readonly words: readonly (string | undefined)[];
  readonly options: Options;
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
  /** Of a command that does something at them. */
  readonly hangUps?: HangUps | undefined;
}

/** The word at a place that the parser has made sure is there. */
export function requiredWord(invocation: Invocation, at: number): string {
  const word = invocation.words[at];
  if (word === undefined) throw new Error(`${invocation.command.path.join(' ')} has no argument ${at}`);
  return word;
}
