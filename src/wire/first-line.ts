import type { Socket } from 'node:net';

/** Why no line came: the connection ended before, it is too long, or it took too long. */
export type NoLine = 'ended' | 'long' | 'late';

/**
 * Reads the first line of a connection, without its end; what follows it stays unread, and the socket is paused.
 * Where no line comes, rejects with what `why` makes of the reason; the socket is as it was left then.
 * @param mostBytes longest line.
 */
export function readFirstLine(
  socket: Socket,
  { mostBytes, timeoutMs }: { mostBytes: number; timeoutMs: number },
  why: (reason: NoLine) => Error,
): Promise<string> {
  let seen: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const fail = (reason: NoLine): void => {
      leave();
      reject(why(reason));
    };
    const onEnd = (): void => fail('ended');
    const onData = (chunk: Buffer): void => {
      const from = seen.length;
      seen = from === 0 ? chunk : Buffer.concat([seen, chunk]);
      const end = seen.indexOf(0x0a, from);
      if (end > mostBytes || (end === -1 && seen.length > mostBytes)) fail('long');
      else if (end !== -1) {
        leave();
        socket.pause();
        const rest = seen.subarray(end + 1);
        if (rest.length > 0) socket.unshift(rest);
        resolve(seen.toString('utf8', 0, end));
      }
    };
    const timer = setTimeout(() => fail('late'), timeoutMs);
    const leave = (): void => {
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
