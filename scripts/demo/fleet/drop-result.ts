import { z } from 'zod';
import { omnipotent } from '../../../test/support/raw-nats.js';

/** Whose records are dropped. */
const node = 'den';
/** The stream that keeps results. */
const stream = 'POSTERN_RESULTS';

const found = z.object({ message: z.object({ seq: z.number(), data: z.base64() }) });
const handed = z.object({ records: z.array(z.object({ k: z.string(), n: z.number() })) });

/**
 * Removes from the stored results of a run one message that a node has handed over, with a receipt in it: as if it had been
 * lost between agent and judge. Resolves to what was removed, for people.
 */
export async function dropResult(hubData: string, natsUrl: string, run: string): Promise<string> {
  const nats = await omnipotent({ dir: hubData, server: { url: natsUrl } });
  const ask = async (what: string, request: unknown): Promise<unknown> => {
    const answer = await nats.request(`$JS.API.STREAM.MSG.${what}.${stream}`, JSON.stringify(request), {
      timeout: 10_000,
    });
    return answer.json();
  };
  try {
    const next_by_subj = `postern.results.${run}.${node}.*`;
    for (let seq = 1; ; ) {
      const { message } = found.parse(await ask('GET', { seq, next_by_subj }));
      const { records } = handed.parse(JSON.parse(Buffer.from(message.data, 'base64').toString()));
      if (records.some(({ k }) => k === 'receipt')) {
        z.object({ success: z.literal(true) }).parse(await ask('DELETE', { seq: message.seq }));
        return `of the records of ${node}, number ${records.map(({ n }) => n).join(', ')} is removed`;
      }
      seq = message.seq + 1;
    }
  } finally {
    await nats.close();
  }
}
