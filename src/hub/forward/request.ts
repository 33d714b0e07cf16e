import type { Socket } from 'node:net';
import { z } from 'zod';
import { PosternError } from '../../errors.js';

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
  const line = await firstLine(socket, timeoutMs);
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

function firstLine(socket: Socket, timeoutMs: number): Promise<string> {
  let seen: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      leave();
      reject(invalid(why));
    };
    const onEnd = () => fail('the connection ended within the first line');
    const onData = (chunk: Buffer) => {
      const from = seen.length;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const end = seen.indexOf(0x0a, from);
      if (end > longestLine || (end === -1 && seen.length > longestLine)) {
        fail(`the first line is longer than ${longestLine} bytes`);
      } else if (end !== -1) {
        leave();
        socket.pause();
        const rest = seen.subarray(end + 1);
        if (rest.length > 0) socket.unshift(rest);
        resolve(seen.toString('utf8', 0, end));
      }
    };
    const timer = setTimeout(() => fail('the first line did not come in time'), timeoutMs);
    const leave = () => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.off('close', onEnd);
    };
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    socket.resume();
  });
}

function invalid(message: string): PosternError {
  return new PosternError('FORWARD_INVALID', message);
}
