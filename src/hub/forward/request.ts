import type { Socket } from 'node:net';
import { z } from 'zod';
import { PosternError } from '../../errors.js';
import { type NoLine, readFirstLine } from '../../wire/first-line.js';

/** Longest first line, in bytes: a token is at most 8 KiB. */
const longestLine = 16 * 1024;

/** What the first line of a raw connection asks for. */
const forwardRequest = z.strictObject({
  /** Caller token. */
  token: z.string().min(1),
  node: z.string().min(1).max(256),
  /** `HOST:PORT` as the node sees it; absent: the server that takes its calls. */
  target: z.string().max(512).refine(hasPath, 'it holds half a character').default(''),
});
/** Half of a pair of UTF-16, which JSON can spell, has no form in UTF-8, and so in no path. */
function hasPath(target: string): boolean {
  return !/\p{Cs}/u.test(target);
}

export type ForwardRequest = z.infer<typeof forwardRequest>;

/**
 * Reads the first line of a connection; what follows it stays unread, and the socket is paused. Throws `PosternError`
 * `FORWARD_INVALID`: it is no line of JSON that asks for a forward, or it did not come within `timeoutMs`.
 */
export async function readForwardRequest(socket: Socket, timeoutMs: number): Promise<ForwardRequest> {
  const line = await readFirstLine(socket, { mostBytes: longestLine, timeoutMs }, (reason) =>
    invalid(noLine[reason]),
  );
  let asked: unknown;
  try {
    asked = JSON.parse(line);
  } catch {
    throw invalid('the first line is no JSON');
  }
  const read = forwardRequest.safeParse(asked);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw invalid(`the first line is no {token, node, target}: ${where}${issue?.message ?? ''}`);
}

/** What is told of a first line that did not come. */
const noLine: Readonly<Record<NoLine, string>> = {
  ended: 'the connection ended within the first line',
  long: `the first line is longer than ${longestLine} bytes`,
  late: 'the first line did not come in time',
};

function invalid(message: string): PosternError {
  return new PosternError('FORWARD_INVALID', message);
}
