import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { frameFlag } from '../../../src/rpc/frame.js';
import { checkoutRoot } from '../processes.js';

const vector = z.object({
  name: z.string(),
  valid: z.boolean(),
  fault: z.enum(['message', 'frame', 'body']).optional(),
  hex: z.string(),
});

/** A message of `docs/protocol-vectors.json`. */
export type Vector = z.infer<typeof vector>;

/** All of them. */
export async function readVectors(): Promise<readonly Vector[]> {
  const text = await readFile(path.join(checkoutRoot, 'docs/protocol-vectors.json'), 'utf8');
  return z.array(vector).min(30).parse(JSON.parse(text));
}

/**
 * What a callee that makes no calls, and serves none of those in the vector, answers: `<call id> <flags> <status>` of
 * each RESET. Whoever sends frames of a callee is told, by what it takes for the caller, that there is no such call.
 */
const resets: Readonly<Record<string, readonly string[]>> = {
  'unary response': ['1 128 14', '1 128 14'],
  'half-close alone': ['3 0 14'],
  'data far on': ['4294967295 128 14'],
  accept: ['5 128 14'],
  sync: ['3 0 14', '8 128 14'],
  'unknown field': ['1 128 14'],
  'reserved bits': ['1 0 13'],
  'unknown kind': ['1 0 13'],
  'unknown flag': ['1 0 13'],
  'offset beyond 2^53': ['1 0 13'],
  'head of a caller': ['1 0 13'],
  'open of a callee': ['1 128 13'],
  'path without a slash': ['1 0 13'],
};

/** Bodies of HEAD frames that do not decode are not even read: there is no such call. */
const headOfNoCall = ['1 128 14'];

/** The RESETs that must answer a vector, sorted. */
export function expectedResets({ name, hex, fault }: Vector): readonly string[] {
  const head = Number.parseInt(hex.slice(2, 4), 16) & frameFlag.fromCaller;
  return resets[name] ?? (fault === 'body' && head === 0 ? headOfNoCall : []);
}
