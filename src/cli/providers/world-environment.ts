import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../package-info.js';
import { worldMark } from '../../world-mark.js';

/** Settings of ours that are about this machine, not about a hub or a node. */
const ofTheMachine: ReadonlySet<string> = new Set(['POSTERN_NATS_SERVER', 'POSTERN_NATS_RELEASES']);
/** A proxy does not lead to the nodes of a world. */
const proxy = /^(https?|all|grpc|no)_proxy$/i;

/** The environment of everything in a world: without what a user has set for commands, and with the world's mark. */
export function worldEnvironment(env: NodeJS.ProcessEnv, mark: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => (!name.startsWith('POSTERN_') || ofTheMachine.has(name)) && !proxy.test(name),
  );
  // The same build as this one, whichever that is.
  const dist = fileURLToPath(new URL('../../../', import.meta.url));
  return { ...Object.fromEntries(kept), POSTERN_DIST: dist, [worldMark]: mark };
}

/**
 * The words that start `postern …` in a world. There may be many: young objects get little room, which makes a process
 * that idles smaller by a quarter.
 */
export function posternWords(args: readonly string[]): string[] {
  return [process.execPath, '--max-semi-space-size=1', join(packageRoot(), 'bin/postern'), ...args];
}
