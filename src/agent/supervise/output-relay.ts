import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { KeeperReport, OutputName } from './keeper-messages.js';

/** A longer line is told in parts, in characters. */
const longestLine = 1_024;
/** So many lines are told at once, */
const burst = 100;
/** and so many per second after that. */
const linesPerSecond = 50;
/** So much of the end of what was said is kept, in characters. */
const tailLength = 4_096;
/** What was left out is told this often, in milliseconds. */
const tellEveryMs = 1_000;

/**
 * Reads all that a process writes, as fast as it writes, and tells as much of it as anybody could read: the process is
 * never held back, and nothing piles up.
 */
export class OutputRelay {
  readonly #tell: (report: KeeperReport) => void;
  readonly #now: () => number;
  readonly #tails: Record<OutputName, string> = { stdout: '', stderr: '' };
  #left = burst;
  #filledAtMs: number;
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `now` counts milliseconds up; default `performance.now`. */
  constructor(tell: (report: KeeperReport) => void, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
    this.#filledAtMs = now();
  }

  /** Reads that stream until its end. */
  read(stream: Readable, output: OutputName): void {
    const decoder = new StringDecoder('utf8');
    let open = '';
    stream.on('data', (chunk: Buffer) => {
      if (!this.#mayTell() && chunk.length > longestLine) {
        // The cheap way: too much is said to look at each line of it.
        this.#tails[output] = chunk.subarray(-tailLength).toString('utf8');
        open = '';
        this.#leaveOut(1);
        return;
      }
      const text = decoder.write(chunk);
      this.#tails[output] = (this.#tails[output] + text).slice(-tailLength);
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) this.#line(output, line);
      if (open.length > longestLine) {
        this.#line(output, open);
        open = '';
      }
    });
    stream.on('end', () => {
      if (open !== '') this.#line(output, open);
      open = '';
    });
    stream.on('error', () => {});
  }

  /** The end of what was written to stderr, or else to stdout. */
  get said(): string {
    return this.#tails.stderr.trim() || this.#tails.stdout.trim();
  }

  /** Tells what was left out, and tells no more of that. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#tellLeftOut();
  }

  #line(output: OutputName, line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += longestLine) {
      if (!this.#mayTell()) {
        this.#leaveOut(1);
        return;
      }
      this.#left -= 1;
      this.#tell({ kind: 'line', output, line: line.slice(at, at + longestLine) });
    }
  }

  #mayTell(): boolean {
    const now = this.#now();
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAtMs) * linesPerSecond) / 1_000);
    this.#filledAtMs = now;
    return this.#left >= 1;
  }

  #leaveOut(lines: number): void {
    this.#leftOut += lines;
    this.#timer ??= setTimeout(() => this.#tellLeftOut(), tellEveryMs).unref();
  }

  #tellLeftOut(): void {
    this.#timer = undefined;
    const lines = this.#leftOut;
    this.#leftOut = 0;
    if (lines > 0) this.#tell({ kind: 'leftOut', lines });
  }
}
