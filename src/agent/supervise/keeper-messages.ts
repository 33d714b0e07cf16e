/** What the keeper shall start. */
export interface LaunchOrder {
  readonly kind: 'launch';
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Working directory. */
  readonly directory: string;
  /** The whole environment, but for the mark. */
  readonly environment: Readonly<Record<string, string>>;
  /** Start of the mark: owner and agent. */
  readonly mark: string;
  /** Time between SIGTERM and SIGKILL when the agent is gone, milliseconds. */
  readonly graceMs: number;
}

/** What an agent tells its keeper. */
export type KeeperOrder = LaunchOrder | { readonly kind: 'terminate' } | { readonly kind: 'kill' };

/** Which output of a process. */
export type OutputName = 'stdout' | 'stderr';

/** What a keeper tells its agent. */
export type KeeperReport =
  /** It runs. */
  | { readonly kind: 'launched'; readonly pid: number }
  /** It could not be started; the keeper ends. */
  | { readonly kind: 'notLaunched'; readonly message: string }
  /** The process has ended; `said` is the end of what it wrote to stderr, or else to stdout. */
  | { readonly kind: 'exited'; readonly how: string; readonly said: string }
  /** Nothing of it is left; the keeper ends. */
  | { readonly kind: 'gone' }
  /** A line that the process wrote. */
  | { readonly kind: 'line'; readonly output: OutputName; readonly line: string }
  /** Lines, or parts of lines, that were too many to tell. */
  | { readonly kind: 'leftOut'; readonly lines: number }
  /** Something that the operator should know of. */
  | { readonly kind: 'warning'; readonly message: string };

/** Whether a message of the other side is one of `kinds`; both sides are of the same version. */
function isOfKind(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    kinds.some((kind) => kind === message.kind)
  );
}

/** Whether a message from the agent is an order. */
export function isOrder(message: unknown): message is KeeperOrder {
  return isOfKind(message, ['launch', 'terminate', 'kill']);
}

/** Whether a message from the keeper is a report. */
export function isReport(message: unknown): message is KeeperReport {
  return isOfKind(message, ['launched', 'notLaunched', 'exited', 'gone', 'line', 'leftOut', 'warning']);
}
