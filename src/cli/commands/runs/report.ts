import { writeFile } from 'node:fs/promises';
import type { Invocation } from '../../invocation.js';
import { fetchReport, reportText } from '../../runs/fetched-report.js';
import { unwritable } from '../../runs/report-files.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { withHub } from '../../with-hub.js';

/** `postern runs report`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, words } = invocation;
  const format = options.text('output') ?? 'text';
  const name = await withHub(invocation, async (connection) => {
    const calls = new RunsCalls(connection);
    return words[0] ?? (await calls.find(undefined)).run;
  });
  const text =
    format === 'text'
      ? reportText(invocation, (await fetchReport(invocation, name)).judgement)
      : await withHub(invocation, (connection) =>
          new RunsCalls(connection).report({ run: name, format, rulesJson: '' }),
        );
  const file = options.text('output-file');
  if (file === undefined || file === '-') streams.stdout.write(text);
  else {
    await writeFile(file, text).catch((thrown: unknown) => {
      throw unwritable(file, thrown);
    });
  }
  return 0;
}
