import { basename, resolve } from 'node:path';
import { PosternError } from '../../errors.js';

/** A directory with logs, or one log file. */
export interface LogRoot {
  /** What the paths of its files begin with; '': nothing. */
  readonly label: string;
  readonly path: string;
  /** A file that the agent itself writes in its data directory, all else of which is out of reach. */
  readonly own: boolean;
}

/** What the agent's own logs are below. */
export const ownLabel = 'agent';

const labelShape = /^[\w.@+-]{1,64}$/;
const asLabel = (name: string): boolean => labelShape.test(name) && name !== '.' && name !== '..';

/**
 * Reads `[NAME=]PATH`, one or several. The files of one path that is alone and has no name are named by their path below
 * it; those of several by the NAME, or the last part of the path. Throws `LOGS_INVALID` where two would be named alike.
 */
export function readRoots(texts: readonly string[]): LogRoot[] {
  const roots = texts.map((text) => {
    const [, name, path = text] = /^([^=/]*)=(.*)$/s.exec(text) ?? [];
    if (path === '') throw invalid(`'${text}' names no directory and no file`);
    if (name !== undefined && !asLabel(name)) throw invalid(`'${name}' is no name for logs`);
    const absolute = resolve(path);
    const label = name ?? (texts.length === 1 ? '' : basename(absolute));
    if (label === ownLabel)
      throw invalid(`'${ownLabel}' is what the agent's own logs are below: write NAME=PATH`);
    if (texts.length > 1 && !asLabel(label)) throw invalid(`'${text}' needs a name: write NAME=PATH`);
    return { label, path: absolute, own: false };
  });
  const twice = roots.find(({ label }, at) => roots.findIndex((other) => other.label === label) !== at);
  if (twice !== undefined)
    throw invalid(`two places of logs would be named '${twice.label}': write NAME=PATH for one of them`);
  return roots;
}

function invalid(message: string): PosternError {
  return new PosternError('LOGS_INVALID', message, { exitCode: 2 });
}
