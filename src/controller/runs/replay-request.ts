import { type RunPartOf, runReplay } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import type { StartRunRequest } from '../../gen/postern/v1/runs.js';

/** Half of what a message of the bus may hold, bytes. */
const largestBytes = 512 * 1024;

/** What is to be done again, as it was asked for; undefined: nothing is. Throws `INVALID_ARGUMENT`. */
export function replayIn({ replayJson }: StartRunRequest): RunPartOf<'replay'> | undefined {
  if (replayJson === '') return undefined;
  const bytes = Buffer.byteLength(replayJson);
  if (bytes > largestBytes) {
    throw new PosternError('INVALID_ARGUMENT', `replay_json: at most ${largestBytes / 1024} KiB are taken`);
  }
  const checked = runReplay.safeParse(parsed(replayJson));
  if (checked.success) return { k: 'replay', ...checked.data };
  const [issue] = checked.error.issues;
  const where = issue === undefined ? '' : ` ${issue.path.join('.')}: ${issue.message}`;
  throw new PosternError('INVALID_ARGUMENT', `replay_json:${where}`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new PosternError('INVALID_ARGUMENT', 'replay_json: it is no JSON');
  }
}
