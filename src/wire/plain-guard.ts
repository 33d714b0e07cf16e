import type { Socket } from 'node:net';
import { plainAnswer } from './plain-answer.js';

const why = 'This address speaks TLS: use https.';

/** Tells a client that has to speak TLS, in the way that HTTP/1.1 clients understand, and closes. */
export function refusePlain(socket: Socket): void {
  socket.end(plainAnswer(400, why), () => socket.destroy());
}

/** Tells one that has sent a line of JSON, in such a line, and closes. */
export function refusePlainLine(socket: Socket): void {
  socket.end(`${JSON.stringify({ code: 'TLS_REQUIRED', message: why })}\n`, () => socket.destroy());
}
