import { PosternError } from '../errors.js';
import type { Options } from './options.js';

/** What `--ttl` says, in whole seconds; 0 when nothing was said. Throws `USAGE` (exit status 2) for no life at all. */
export function ttlSecondsOf(options: Options): number {
  const ms = options.durationMs('ttl');
  if (ms === 0) throw new PosternError('USAGE', '--ttl: a life of 0 seconds is none', { exitCode: 2 });
  return Math.ceil((ms ?? 0) / 1000);
}
