import { stripVTControlCharacters } from 'node:util';
import type { WatchRunResponse } from '../../gen/postern/v1/runs.js';
import type { Invocation } from '../invocation.js';
import { type Style, styleFor } from '../style.js';
import { runBlock } from './run-block.js';
import { RunStory } from './run-story.js';
import { newsLines, tallyOf, tallyText } from './run-words.js';

/** How often what goes by the clock is shown, milliseconds. */
const tickMs = 500;
/** Without a terminal, how far the tests are is told so often, milliseconds. */
const tallyMs = 60_000;
/** Without a terminal, what the run waits for is told not more often, milliseconds. */
const waitsMs = 5_000;
/** A terminal that does not say how large it is. */
const usual = { columns: 80, rows: 24 };

/** How a run is shown while it goes on. */
export interface RunShow {
  /** What the hub has told. */
  take(message: WatchRunResponse): void;
  /** Says something to people. */
  say(text: string): void;
  /** It is not shown any more; what is said then stays as it is. Frees the timer. */
  end(): void;
}

/** A block that is drawn again and again on a terminal, lines elsewhere; for programs each message as JSON on stdout. */
export function runShow({ streams, env }: Invocation, form: 'text' | 'jsonl'): RunShow {
  const { stdout, stderr } = streams;
  const style = styleFor(stderr, env);
  if (form === 'jsonl') {
    return {
      take: (message) => void stdout.write(`${JSON.stringify(message)}\n`),
      say: (text) => void stderr.write(`${style.dim(`postern: ${text}`)}\n`),
      end: () => {},
    };
  }
  return stderr.isTTY && env.TERM !== 'dumb' ? new BlockShow(stderr, style) : new LineShow(stderr, style);
}

/** A terminal, or something like it. */
export type Screen = Pick<NodeJS.WriteStream, 'write'> & {
  readonly columns?: number;
  readonly rows?: number;
};

/** What happens as lines, and below them how it stands. */
export class BlockShow implements RunShow {
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #story = new RunStory();
  readonly #timer: NodeJS.Timeout;
  /** The lines that stand there now, without colours. */
  #drawn: readonly string[] = [];
  #hasEnded = false;

  constructor(screen: Screen, style: Style) {
    this.#screen = screen;
    this.#style = style;
    this.#timer = setInterval(() => this.#print(this.#news()), tickMs);
  }

  take(message: WatchRunResponse): void {
    const news = this.#story.take(message);
    this.#print(message.run === undefined ? [] : newsLines(news, message.run, this.#style));
  }

  say(text: string): void {
    this.#print([this.#style.dim(`postern: ${text}`)]);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#hasEnded = true;
    this.#print([]);
  }

  #news(): string[] {
    const { run } = this.#story;
    return run === undefined ? [] : newsLines(this.#story.tick(), run, this.#style);
  }

  /** Lines that stay, and the block anew below them; in one write, so that nothing flickers. */
  #print(lines: readonly string[]): void {
    const cleared = this.#cleared();
    const block = this.#hasEnded ? [] : runBlock(this.#story, this.#size, this.#style);
    this.#drawn = block.map(stripVTControlCharacters);
    this.#screen.write(cleared + [...lines, ...block].map((line) => `${line}\n`).join(''));
  }

  /** What takes the block away. In a terminal that has become narrower, its lines have become more. */
  #cleared(): string {
    const { columns } = this.#size;
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)),
      0,
    );
    return rows === 0 ? '' : `\u001b[${rows}A\r\u001b[0J`;
  }

  get #size(): { columns: number; rows: number } {
    const { columns, rows } = this.#screen;
    return { columns: columns || usual.columns, rows: rows || usual.rows };
  }
}

/** A line for each thing that happens. */
export class LineShow implements RunShow {
  readonly #out: Pick<NodeJS.WriteStream, 'write'>;
  readonly #style: Style;
  readonly #story = new RunStory();
  readonly #timer: NodeJS.Timeout;
  #talliedAt = performance.now();
  #waitsFor = '';
  #waitsToldAt = performance.now() - waitsMs;

  constructor(out: Pick<NodeJS.WriteStream, 'write'>, style: Style) {
    this.#out = out;
    this.#style = style;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  take(message: WatchRunResponse): void {
    const news = this.#story.take(message);
    if (message.run !== undefined) this.#print(newsLines(news, message.run, this.#style));
  }

  say(text: string): void {
    this.#print([this.#style.dim(`postern: ${text}`)]);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { run, nodes, nowMs, waitsFor } = this.#story;
    if (run === undefined) return;
    this.#print(newsLines(this.#story.tick(), run, this.#style));
    if (waitsFor !== this.#waitsFor && performance.now() - this.#waitsToldAt > waitsMs) {
      this.#waitsFor = waitsFor;
      this.#waitsToldAt = performance.now();
      const news = { kind: 'waits', atMs: nowMs, text: waitsFor } as const;
      if (waitsFor !== '') this.#print(newsLines([news], run, this.#style));
    }
    if (nodes.length === 0 || performance.now() - this.#talliedAt < tallyMs) return;
    this.#talliedAt = performance.now();
    const text = `${run.state}: ${tallyText(tallyOf(nodes))}`;
    this.#print(newsLines([{ kind: 'tally', atMs: nowMs, text }], run, this.#style));
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#out.write(lines.map((line) => `${line}\n`).join(''));
  }
}
