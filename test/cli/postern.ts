import path from 'node:path';
import { checkoutRoot, compiledRoot, type Finished, run } from '../support/processes.js';

/** The real command of this checkout. */
export const posternBin = path.join(checkoutRoot, 'bin/postern');

/** The environment of a user who has set nothing, so that the one around the tests cannot matter. */
export function cleanEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = ['POSTERN_NATS_SERVER', 'POSTERN_NATS_RELEASES'];
  const cleared = Object.keys(process.env).filter(
    (name) => name.startsWith('POSTERN_') && !kept.includes(name),
  );
  return {
    ...Object.fromEntries(cleared.map((name) => [name, undefined])),
    POSTERN_DIST: compiledRoot,
    POSTERN_DATA: '/nonexistent/postern',
    ...more,
  };
}

/** Runs `postern …` to its end. */
export function postern(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<Finished> {
  return run(posternBin, args, { ...options, env: cleanEnv(options.env) });
}
