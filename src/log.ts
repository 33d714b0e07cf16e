import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** How much is written to stderr. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names of fields that never reach a log line, at the top level and one level down. */
const secretFields = ['token', 'secret', 'seed', 'jwt', 'authorization', 'creds', 'password'];

/**
 * JSON lines on stderr (stdout is for data). Fields that hold secrets are blanked by name as a second line of
 * defence; the first is not to pass them.
 */
export function createLogger(level: LogLevel, fields: Record<string, string> = {}): Logger {
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
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
