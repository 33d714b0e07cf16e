import { type DestinationStream, type Logger, pino } from 'pino';
import { LineLimit } from './log-limit.js';

export type { Logger } from 'pino';

/** How much is written to stderr. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names of fields that never reach a log line, at the top level and one level down. */
const secretFields = ['token', 'secret', 'seed', 'jwt', 'authorization', 'creds', 'password'];

/** Lines below this level are written all: who asks for them wants to see everything. */
const limitedFrom = pino.levels.values.info ?? 0;

/** Fields that say whom a line is about. */
const aboutFields = ['node', 'peer', 'listener'] as const;

/**
 * JSON lines on stderr (stdout is for data). Fields that hold secrets are blanked by name as a second line of
 * defence; the first is not to pass them. Lines that come too often are left out, and counted in a line of their own.
 */
export function createLogger(
  level: LogLevel,
  fields: Record<string, string> = {},
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  const limit = new LineLimit();
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`]),
        censor: '[hidden]',
      },
      hooks: {
        logMethod(args, method, at) {
          if (at >= limitedFrom) {
            const leftOut = limit.told();
            if (leftOut !== undefined)
              method.apply(this, [leftOut, 'log lines that came too often were left out']);
            if (!limit.allows(textOf(args), aboutOf(args[0]))) return;
          }
          method.apply(this, args);
        },
      },
    },
    destination,
  );
}

function textOf([first, second]: readonly unknown[]): string {
  const text = typeof first === 'string' ? first : second;
  return typeof text === 'string' ? text : '';
}

function aboutOf(fields: unknown): string {
  if (typeof fields !== 'object' || fields === null) return '';
  for (const [name, value] of Object.entries(fields)) {
    if (aboutFields.some((each) => each === name) && typeof value === 'string') return value;
  }
  return '';
}
