import { PosternError } from '../errors.js';
import type { Bus } from './bus.js';
import { lastNumber, type ResultRecord, resultRecord } from './result-records.js';
import { subjects } from './subjects.js';

/** A record of a run, and whose it is. */
export interface StoredResult {
  readonly node: string;
  readonly test: string;
  /** Two journals of one test on one node are two tries. */
  readonly journal: string;
  readonly record: ResultRecord;
}

/** A record that this version cannot read counts as damaged. */
function readable(json: Record<string, unknown>, expected: number): ResultRecord {
  const parsed = resultRecord.safeParse(json);
  if (parsed.success) return parsed.data;
  return { n: expected, at: 0, k: 'damaged', to: expected };
}

/**
 * All records of a run that were handed over until now: those of one journal in their order, those of several as they came.
 * Holds one page of the stream at a time. Throws when the stream, or the hub that reads it for others, does not answer, and
 * `RESULTS_LOST` when the stream was made anew meanwhile.
 */
export async function* readResults(bus: Bus, run: string): AsyncGenerator<StoredResult> {
  let after = 0;
  let created: string | undefined;
  for (;;) {
    const page = await bus.page(subjects.results, { run }, { after });
    created ??= page.created;
    if (page.created !== created) {
      throw new PosternError('RESULTS_LOST', 'the stream of results was made anew while it was read', {
        hint: 'agents hand over again what they have: read it again when they did',
      });
    }
    for (const { params, body } of page.messages) {
      const { node, journal } = params;
      let number = body.after;
      for (const json of body.records) {
        const record = readable(json, number + 1);
        number = lastNumber(record);
        yield { node, journal, test: body.test, record };
      }
    }
    after = page.end;
    if (!page.more) return;
  }
}
