import { errorText, PosternError } from '../errors.js';
import type { Output } from './invocation.js';
import { styleFor } from './style.js';

/** How a failure is told. */
export interface FailureView {
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Show stacks. */
  readonly debug: boolean;
}

/** Tells on stderr what went wrong and what to do about it; returns the exit status. */
export function tellFailure(thrown: unknown, view: FailureView): number {
  const style = styleFor(view.stderr, view.env);
  const known = thrown instanceof PosternError;
  const message = known ? thrown.message : `internal error: ${errorText(thrown)}`;
  const hint = known ? thrown.hint : 'run it again with --log-level debug to see where';
  view.stderr.write(`${style.red('postern:')} ${shown(message)}\n`);
  if (hint !== undefined) view.stderr.write(`${style.dim(shown(hint))}\n`);
  if (view.debug && thrown instanceof Error) view.stderr.write(`${stacks(thrown)}\n`);
  return known ? thrown.exitCode : 1;
}

/** Without what steers terminals: parts of it may be what a server said. */
function shown(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '?');
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by: ${stacks(error.cause)}` : own;
}
