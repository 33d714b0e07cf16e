import type { OptionSpec } from '../command-spec.js';

/** The process that an agent supervises. */
export const processOptions: readonly OptionSpec[] = [
  {
    name: 'fluentd',
    kind: 'text',
    value: 'COMMAND',
    summary:
      'a program and its arguments, Fluentd or any other, that callers start and stop as external.Fluentd; quotes as in a shell, but no shell reads it',
  },
  {
    name: 'fluentd-directory',
    kind: 'text',
    value: 'DIR',
    summary: "its working directory (default: the agent's)",
    completes: 'directory',
  },
  {
    name: 'fluentd-env',
    kind: 'list',
    value: 'KEY=VALUE',
    summary: "an environment variable of it; of the agent's it gets only those such as PATH; may be repeated",
  },
  {
    name: 'fluentd-grace',
    kind: 'duration',
    summary: 'time between SIGTERM and SIGKILL when it is stopped (default: 10s)',
  },
  {
    name: 'fluentd-settle',
    kind: 'duration',
    summary: 'it has started when it has stayed up for so long (default: 1s)',
  },
];
