import { z } from 'zod';

/** Name of an environment variable. */
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'it is no name of an environment variable');

/** Text that can be handed to a program. */
const word = z
  .string()
  .max(64 << 10)
  .refine((text) => !text.includes('\0'), 'it holds a NUL');

/** The process that an agent supervises. Nothing of a request gets into any of this. */
export const processConfig = z.strictObject({
  /** The program and its arguments; no shell reads them. A name without a slash is looked up in PATH. */
  command: z
    .array(word)
    .min(1, 'it names no program')
    .max(4096)
    .refine(([program]) => program !== '', 'it names no program'),
  /** Its working directory; default: the agent's. */
  directory: word.min(1).optional(),
  /** Environment variables, beside the few that it gets from the agent's own environment. */
  environment: z.record(variable, word).default({}),
  /** Time between SIGTERM and SIGKILL, in seconds. */
  graceSeconds: z.number().nonnegative().max(3600).default(10),
  /** A process that has stayed up for so long has started, in seconds. */
  settleSeconds: z.number().nonnegative().max(300).default(1),
});
export type ProcessConfig = z.infer<typeof processConfig>;

/** What a process gets of the agent's environment: nothing that could hold a secret. */
const passed = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR)$/;

/** Where programs are looked for when nothing says it. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of a process: a part of the agent's, and what it was given. */
export function environmentOf(
  given: Readonly<Record<string, string>>,
  agents: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const environment: Record<string, string> = { PATH: defaultPath };
  for (const [name, value] of Object.entries(agents)) {
    if (value !== undefined && passed.test(name)) environment[name] = value;
  }
  return { ...environment, ...given };
}
