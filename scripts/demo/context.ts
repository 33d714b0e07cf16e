import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import type { Finished, Program, ReadyProgram, RunOptions } from './programs.js';
import type { Stage } from './stage.js';
import type { World } from './world.js';

/** What the demo's parts share: where to print, what runs, and where to reach it. */
export interface Demo {
  readonly stage: Stage;
  readonly world: World;
  /** What to break on purpose; '' to break nothing. */
  readonly sabotage: Sabotage | '';
  /** Where the hub listens, `HOST:PORT`. */
  readonly hub: string;
  /** The authority that signed the hub's certificate: its file, and the PEM in it. */
  readonly ca: { readonly file: string; readonly pem: string };
  /** A caller's token for all nodes. */
  readonly token: string;
  readonly up: Program;
  /** The TestService, where an agent finds it, and the agent in front of it. */
  readonly interop: Program;
  readonly served: string;
  interopAgent: Program;
  /** Starts the TestService's agent again, with the key that it has. */
  readonly startInteropAgent: () => Promise<Program>;
  readonly etcdctl: string;
  /** Directory where the reports of runs stay. */
  readonly reports: string;
}

/** Ways to break the demo on purpose. Each must be noticed. */
export const sabotages = [
  'kill-server',
  'kill-agent',
  'kill-hub',
  'kill-nats',
  'freeze-agent',
  'flip-byte',
  'wrong-token',
  'kill-proxy',
  'around-proxy',
  'wrong-authority',
  'leave-process',
  'drop-result',
] as const;
export type Sabotage = (typeof sabotages)[number];

/** The command `postern` of this checkout. */
export const postern = path.join(checkoutRoot, 'bin/postern');

/** Prints and runs `postern …`; throws with what it said when it does not end with `code`. */
export async function runPostern(
  { stage, world }: Pick<Demo, 'stage' | 'world'>,
  args: readonly string[],
  options: RunOptions & { readonly code?: number } = {},
): Promise<Finished> {
  stage.command(typed('postern', args));
  return succeeded(typed('postern', args), await world.programs.run(postern, args, options), options.code);
}

/** A program that `startPostern` starts. */
export interface PosternProgram {
  /** Name of its log files. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What is printed instead of `env`. */
  readonly shownEnv?: string;
}

/** Prints and starts `postern …`, which runs on by itself, and waits until it is ready. */
export async function startPostern(
  { stage, world }: Pick<Demo, 'stage' | 'world'>,
  { name, args, env, shownEnv }: PosternProgram,
): Promise<ReadyProgram> {
  const secret = args.indexOf('--token') + 1;
  const shown = args.map((arg, index) => (secret > 0 && index === secret ? '$TOKEN' : arg));
  stage.command(`${shownEnv === undefined ? '' : `${shownEnv} `}${typed('postern', shown)} &`);
  return world.programs.startReady(name, postern, [...args, '--output', 'json'], env);
}

/** A token that binds an agent's own key to the name of a node. */
export async function joinToken(demo: Pick<Demo, 'stage' | 'world'>, node: string): Promise<string> {
  return (await runPostern(demo, ['token', 'create', '--join', node])).stdout.trim();
}

/** The command line as one would type it. */
export function typed(command: string, args: readonly string[]): string {
  return [command, ...args.map((arg) => (/^[\w@%+=:,./$-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ');
}

/** Throws with what the program said unless it ended with `code`, by default 0. */
export function succeeded(what: string, finished: Finished, code = 0): Finished {
  if (finished.code === code) return finished;
  const said = finished.stderr.trim() || finished.stdout.trim();
  throw new Error(`${what} ended with ${finished.code ?? 'SIGKILL after a time-out'}: ${said.slice(-600)}`);
}

/** Throws unless both are the same. */
export function same(what: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${clip(expected)}, got ${clip(actual)}`);
}

const clip = (text: string): string =>
  text.length > 80 ? `${JSON.stringify(text.slice(0, 80))}… (${text.length} bytes)` : JSON.stringify(text);

/** The first address of a ready line. */
export function firstListen(ready: Readonly<Record<string, unknown>>): string {
  const first: unknown = Array.isArray(ready.listen) ? ready.listen[0] : ready.listen;
  if (typeof first !== 'string') throw new Error(`no address in ${JSON.stringify(ready)}`);
  return first;
}
