import { performance } from 'node:perf_hooks';
import { errorText } from '../../src/errors.js';

const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** A step that did not do what it should. */
export class StepFailed extends Error {
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(errorText(cause), { cause });
    this.step = step;
  }
}

/** Prints the steps of the demo as they are taken, and counts them. */
export class Stage {
  #steps = 0;
  readonly #startedAt = performance.now();

  get steps(): number {
    return this.#steps;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return Math.round((performance.now() - this.#startedAt) / 100) / 10;
  }

  /** Begins a part of several steps. */
  part(title: string): void {
    process.stdout.write(`\n${paint(1, title)}\n`);
  }

  /** Prints a command as a user would type it. */
  command(line: string): void {
    process.stdout.write(`  ${paint(2, `$ ${line}`)}\n`);
  }

  /** Prints something that is worth a look, indented. */
  show(text: string): void {
    for (const line of text.trimEnd().split('\n')) process.stdout.write(`    ${line}\n`);
  }

  /**
   * Takes a step: does `act`, then prints what was done with a tick and the time it took. Throws `StepFailed` when
   * `act` throws, or after `timeoutMs`.
   */
  async step<T>(title: string, act: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs / 1000} s`)), timeoutMs);
    });
    try {
      const result = await Promise.race([act(), late]);
      this.#steps++;
      const took = `${Math.round(performance.now() - startedAt)} ms`;
      process.stdout.write(`  ${paint(32, '✓')} ${title} ${paint(2, `(${took})`)}\n`);
      return result;
    } catch (thrown) {
      process.stdout.write(`  ${paint(31, '✗')} ${title}\n`);
      throw new StepFailed(title, thrown);
    } finally {
      clearTimeout(timer);
    }
  }
}
