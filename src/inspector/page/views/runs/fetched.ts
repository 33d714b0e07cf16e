import type { Hub } from '../../hub.js';

/** A million records take half a minute to be judged; a report may take this long, milliseconds. */
const reportWithinMs = 600_000;

/** A report of a run that has ended, judged anew. Rejects with `ConnectError`. */
export async function reportText(
  hub: Hub,
  asked: { readonly run: string; readonly format: 'json' | 'html' },
  signal?: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  const options = { timeoutMs: reportWithinMs, ...(signal === undefined ? {} : { signal }) };
  for await (const { part } of hub.runs.getReport(asked, options)) {
    texts.push(decoder.decode(part, { stream: true }));
  }
  return texts.join('') + decoder.decode();
}
