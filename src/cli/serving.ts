import type { JsonValue } from '@bufbuild/protobuf';
import { createLogger, type Logger, type LogLevel, logLevels } from '../log.js';
import { Cleanup } from './cleanup.js';
import type { Invocation } from './invocation.js';
import { stopSignal } from './signals.js';

/** What a command that runs until it is told to stop has started. */
export interface Started {
  /** The fields of its JSON line, beside `ready`. */
  readonly facts: { readonly [key: string]: JsonValue };
  /** The line for people. */
  readonly line: string;
  /** Resolves, or rejects, when it ends by itself. */
  readonly ended?: Promise<void>;
}

/** A log level that was checked already. */
export function logLevelOf(text: string | undefined): LogLevel {
  return logLevels.find((level) => level === text) ?? 'info';
}

/**
 * Starts something, prints one line when it is ready, waits for SIGTERM or SIGINT (or its own end), and undoes all that
 * was put into the cleanup. Resolves to the exit status.
 */
export async function serve(
  invocation: Invocation,
  level: LogLevel,
  start: (log: Logger, cleanup: Cleanup) => Promise<Started>,
): Promise<number> {
  const log = createLogger(level, { role: invocation.command.path.join(' ') });
  const cleanup = new Cleanup(log);
  const stopped = stopSignal();
  const starting = start(log, cleanup);
  try {
    const started = await Promise.race([starting, stopped]);
    if (typeof started === 'number') return started;
    const { facts, line, ended } = started;
    const asJson = invocation.options.text('output') === 'json';
    const text = asJson ? JSON.stringify({ ready: true, ...facts }) : `postern ${line}`;
    invocation.streams.stdout.write(`${text}\n`);
    return await Promise.race([stopped, ...(ended === undefined ? [] : [ended.then(() => 0)])]);
  } finally {
    log.info('stopping; a second signal ends it at once');
    await cleanup.run();
    // Told to stop while it was starting: what came up after the cleanup is undone too.
    await settledWithin(starting, lateStartMs);
    await cleanup.run();
  }
}

/** How long something that was told to stop while starting may take to notice, in milliseconds. */
const lateStartMs = 15_000;

async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  const quiet = work.then(
    () => {},
    () => {},
  );
  await Promise.race([quiet, late]);
  clearTimeout(timer);
}
