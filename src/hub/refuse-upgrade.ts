import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers a request for an upgrade that is not granted, in JSON `{code, message}`, and closes.
 * @param more names and values of further fields.
 */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  code: string,
  message: string,
  more: readonly string[] = [],
): void {
  const body = `${JSON.stringify({ code, message })}\n`;
  const fields = more.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${more[i + 1] ?? ''}`] : []));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'connection: close',
      ...fields,
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}
