import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { runFileEnding } from '../../../inspector/run-file/format.js';
import { runFileLines } from '../../../inspector/run-file/lines.js';
import type { Invocation } from '../../invocation.js';
import { unwritable } from '../../runs/report-files.js';
import { runSource } from '../../runs/run-source.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';

/** `postern runs export`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env, words } = invocation;
  const style = styleFor(streams.stderr, env);
  return withHub(invocation, async (connection) => {
    const name = words[0] ?? (await new RunsCalls(connection).find(undefined)).run;
    const source = runSource(connection, name, (what) => {
      streams.stderr.write(`${style.yellow('left out:')} ${what}: the hub is older and cannot tell it\n`);
    });
    const lines = runFileLines(source, Date.now());
    const file = options.text('output-file') ?? `${name}${runFileEnding}`;
    if (file === '-') {
      for await (const line of lines) streams.stdout.write(line);
      return 0;
    }
    // Nothing is made where there is no run to export.
    const first = await lines.next();
    await write(file, first.done === true ? [] : after(first.value, lines));
    streams.stderr.write(`${style.dim('written:')} ${file}\n`);
    return 0;
  });
}

async function* after(first: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* lines;
}

/** A file that is not whole does not stay. */
async function write(file: string, lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
  let opened = false;
  const out = createWriteStream(file).on('open', () => {
    opened = true;
  });
  try {
    const from = Readable.from(lines);
    await (file.endsWith('.gz') ? pipeline(from, createGzip(), out) : pipeline(from, out));
  } catch (thrown) {
    if (!opened) throw unwritable(file, thrown);
    await rm(file, { force: true });
    throw thrown;
  }
}
