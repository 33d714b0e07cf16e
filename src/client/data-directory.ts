import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Postern keeps its keys and state, where nothing else is said. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  const state = env.XDG_STATE_HOME;
  // The XDG rules say to ignore a relative path.
  return state?.startsWith('/') ? join(state, 'postern') : join(homedir(), '.local/state/postern');
}
