import { PosternError } from '../../errors.js';
import type { PersonalData } from '../personal-data.js';

/** The largest document, in bytes: it fits into one message of the bus. */
const largestBytes = 768 * 1024;

/**
 * All that is kept about an address, as one JSON document: a member for each part that keeps something. Throws `TOO_MANY` where
 * it is larger than any account can get, and what the stores throw.
 */
export async function exportDocument(
  email: string,
  parts: readonly PersonalData[],
  nowMs: number,
): Promise<string> {
  const kept: Record<string, unknown> = {};
  for (const part of parts) {
    const found = await part.exportOf(email);
    if (found !== undefined) kept[part.name] = found;
  }
  const head = { format: 'postern-account', version: 1, email, exported: new Date(nowMs).toISOString() };
  const json = JSON.stringify({ ...head, kept }, null, 2);
  const bytes = Buffer.byteLength(json);
  if (bytes > largestBytes) {
    throw new PosternError(
      'TOO_MANY',
      `what is kept takes ${bytes} bytes, more than can be told at once (${largestBytes})`,
    );
  }
  return json;
}
