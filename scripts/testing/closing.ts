/** What the closing lines of a TAP report say, and what they leave out. */
export interface Closing {
  /** The runner's own last lines, `# tests 12` and so on, untouched. */
  readonly lines: readonly string[];
  readonly tests: number;
  /** Names of the tests that were skipped or are marked as still to do. */
  readonly skipped: readonly string[];
  /** Files that ended well without a single test in them. */
  readonly empty: readonly string[];
}

/** Reads a TAP report of `node --test`. A report that was cut off has no closing lines and counts no test. */
export function readClosing(tap: string): Closing {
  const lines = tap.split('\n');
  const last = lines.findLastIndex((line) => /^# tests \d+$/.test(line));
  const closing = last < 0 ? [] : lines.slice(last).filter((line) => line.startsWith('# '));
  const skipped: string[] = [];
  const empty: string[] = [];
  for (const line of lines) {
    const result = /^\s*(?:not )?ok \d+ - (.*)$/.exec(line)?.[1];
    if (result === undefined) continue;
    // The runner writes `name # SKIP why`; a `#` inside a name is escaped.
    const directive = /^(.*?)\s+# (?:skip|todo)\b/i.exec(result)?.[1];
    if (directive !== undefined) skipped.push(directive);
    // A file stands in the report under its own name only when no test ran in it.
    else if (/^ok .*\.test\.[cm]?js$/.test(line)) empty.push(result);
  }
  return { lines: closing, tests: Number(/\d+/.exec(closing[0] ?? '')?.[0] ?? 0), skipped, empty };
}
