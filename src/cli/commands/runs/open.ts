import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { htmlReport } from '../../../controller/report/html-report.js';
import { judgementSchema } from '../../../controller/report/judgement-schema.js';
import type { RunFile } from '../../../inspector/run-file/format.js';
import { serveRunFile } from '../../../inspector/run-file/serve.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { readRunFile } from '../../runs/run-file.js';
import { stopSignal } from '../../signals.js';

/** `postern runs open`. */
export async function run(invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.streams;
  const file = requiredWord(invocation, 0);
  const read = await readRunFile(file);
  const page = await serveRunFile({
    name: path.basename(file),
    bytes: await readFile(file),
    run: read.header.run,
    report: reportPage(read),
  });
  const stopped = stopSignal();
  stdout.write(`${page.url}\n`);
  stderr.write(`open it in a browser on this machine; Ctrl-C ends it\n`);
  const code = await stopped;
  await page.close();
  return code;
}

/** Undefined where there is no report, or one of another version. */
function reportPage({ report }: RunFile): string | undefined {
  const judgement = judgementSchema.safeParse(report);
  return judgement.success ? htmlReport(judgement.data) : undefined;
}
