/**
 * The one error type that Postern throws on purpose.
 *
 * `message` says what is wrong and where, `hint` what to do about it; `code` is stable and is what programs
 * compare. Anything else that is thrown is a defect.
 */
export class PosternError extends Error {
  override readonly name = 'PosternError';
  /** Stable, upper-case, e.g. `PORT_IN_USE`. */
  readonly code: string;
  /** One sentence telling the user what to do, or undefined. */
  readonly hint: string | undefined;
  /** Exit status of the CLI when this error ends it: 1 failure, 2 usage or bad configuration. */
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    options: { hint?: string | undefined; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The text of anything that was thrown, for a log line or a status message. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What to do about anything that was thrown, where that is known. */
export function hintOf(thrown: unknown): string | undefined {
  return thrown instanceof PosternError ? thrown.hint : undefined;
}
