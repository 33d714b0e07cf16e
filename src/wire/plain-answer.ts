import { STATUS_CODES } from 'node:http';

/** An answer of HTTP/1.1 that ends the connection: one line of text. */
export function plainAnswer(status: number, why: string): string {
  const body = `${why}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
