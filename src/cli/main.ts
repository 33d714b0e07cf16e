import { CommanderError } from 'commander';
import { errorText, PosternError } from '../errors.js';
import { posternVersion } from '../package-info.js';
import { lightenBind } from '../wire/light-bind.js';
import { logLevelOption } from './common-options.js';
import { tellFailure } from './failure.js';
import { HangUps } from './hang-ups.js';
import type { Surroundings } from './invocation.js';
import { Options } from './options.js';
import { createCommand, createProgram, type Parsed } from './program.js';
import { serviceLine } from './service-commands/service-line.js';
import { exitOnInterrupt } from './signals.js';

/** Runs `postern` with these arguments, and ends the process with its exit status. */
export async function main(args: readonly string[]): Promise<void> {
  // The process is ours: a program that uses this code as a library keeps its own.
  lightenBind();
  exitOnInterrupt();
  process.stdout.on('error', endWithoutReader);
  const status = await run(args);
  await written();
  process.exit(status);
}

/** Runs one command; resolves to its exit status. What it prints goes to the streams around it. */
export async function run(
  args: readonly string[],
  { streams, env }: Surroundings = { streams: process, env: process.env },
): Promise<number> {
  const { stderr } = streams;
  let parsed: Parsed | undefined;
  const found = (one: Parsed): void => {
    parsed = one;
  };
  const service = serviceLine(args);
  const program =
    service === undefined
      ? createProgram(posternVersion(), streams, found)
      : createCommand(
          (await import('./service-commands/spec.js')).serviceCommandFor(service),
          streams,
          found,
        );
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(service?.args ?? args, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and version were printed.
    if (thrown.exitCode === 0) return 0;
    if (thrown.code === 'commander.help') return 2;
    return tellFailure(usageError(thrown), { stderr, env, debug: false });
  }
  if (parsed === undefined) return 0;
  const { command, words, flags } = parsed;
  const specs = command.options ?? [];
  const options = new Options(specs, flags, env);
  const mistakes = options.mistakes();
  // Commands with a configuration tell these among the mistakes of the whole.
  if (mistakes.length > 0 && !specs.some(({ name }) => name === 'config')) {
    const wrong = new PosternError('USAGE', mistakes.join('\n'), { exitCode: 2 });
    return tellFailure(wrong, { stderr, env, debug: false });
  }
  const level = mistakes.length === 0 && specs.includes(logLevelOption) ? options.text('log-level') : '';
  const hangUps = command.hearsHangUps ? new HangUps() : undefined;
  try {
    const { run: runCommand } = await command.load();
    return await runCommand({ command, words, options, streams, env, hangUps });
  } catch (thrown) {
    return tellFailure(thrown, { stderr, env, debug: level === 'debug' || level === 'trace' });
  } finally {
    hangUps?.close();
  }
}

/** Commander's own words, without its prefix. */
function usageError(error: CommanderError): PosternError {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new PosternError('USAGE', message, { hint: 'see `postern --help`, or COMMAND --help', exitCode: 2 });
}

/** Resolves when all output is out, or `endWithoutReader` has heard that it never will be. */
async function written(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Whoever read our output has gone (`| head`): nobody is left to tell anything. Any other failure loses output. */
function endWithoutReader(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  const lost = new PosternError('OUTPUT_LOST', `cannot write the output: ${errorText(error)}`);
  process.exit(tellFailure(lost, { stderr: process.stderr, env: process.env, debug: false }));
}
