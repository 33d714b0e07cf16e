import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { htmlReport } from '../../controller/report/html-report.js';
import { junitReport } from '../../controller/report/junit-report.js';
import { errorText, PosternError } from '../../errors.js';
import type { Invocation } from '../invocation.js';
import { styleFor } from '../style.js';
import type { FetchedReport } from './fetched-report.js';

/** Files that a report is to be written to. */
export class ReportFiles {
  readonly #directory: string | undefined;
  readonly #junit: string | undefined;

  constructor({ options }: Invocation) {
    this.#directory = options.text('report');
    this.#junit = options.text('junit');
  }

  /** True where any file is wanted. */
  get wanted(): boolean {
    return this.#directory !== undefined || this.#junit !== undefined;
  }

  /** Makes the directories, so that nobody learns at the end of a long run that there is no place. Throws `REPORT_UNWRITABLE`. */
  async prepare(): Promise<void> {
    if (this.#directory !== undefined) await makeWritable(this.#directory);
    if (this.#junit !== undefined) await makeWritable(path.dirname(this.#junit));
  }

  /** Writes them, and says on stderr where they are. Throws `REPORT_UNWRITABLE`. */
  async write({ streams: { stderr }, env }: Invocation, { json, judgement }: FetchedReport): Promise<void> {
    const style = styleFor(stderr, env);
    const write = async (file: string, text: string): Promise<void> => {
      await writeFile(file, text).catch((thrown: unknown) => {
        throw unwritable(file, thrown);
      });
      stderr.write(`${style.dim('written:')} ${file}\n`);
    };
    if (this.#directory !== undefined) {
      await write(path.join(this.#directory, 'report.json'), json);
      await write(path.join(this.#directory, 'junit.xml'), junitReport(judgement));
      await write(path.join(this.#directory, 'index.html'), htmlReport(judgement));
    }
    if (this.#junit !== undefined) await write(this.#junit, junitReport(judgement));
  }
}

async function makeWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (thrown) {
    throw unwritable(directory, thrown);
  }
}

/** A place that the user has named cannot be written to. */
export function unwritable(place: string, thrown: unknown): PosternError {
  return new PosternError('REPORT_UNWRITABLE', `cannot write to ${place}: ${errorText(thrown)}`, {
    exitCode: 2,
    cause: thrown,
  });
}
