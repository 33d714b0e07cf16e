import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Loaded into real processes by `NODE_OPTIONS=--import`: SIGUSR2 collects their garbage, so that a test can tell what
 * is held from what was not swept yet.
 */
setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');
process.on('SIGUSR2', () => {
  if (typeof collect === 'function') collect();
});
