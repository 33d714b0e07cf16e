import type { FrontOptions } from './listener.js';
import { plainAnswer } from './plain-answer.js';
import { refuseRequest } from './refuse.js';
import type { TlsIdentity } from './tls-identity.js';

const status = 421;
const message = 'this host has a certificate of its own: connect anew, and ask for it by name';

/**
 * Answers 421 to requests for a host that came over a connection made for another one, so that nobody reaches a host
 * behind the name of another (domain fronting); clients that share connections among hosts then connect anew.
 */
export function guardHosts(tls: TlsIdentity, options: FrontOptions): FrontOptions {
  const { onStream, onHttp1, onUpgrade } = options;
  return {
    ...options,
    onStream: (stream, headers, ...rest) => {
      const authority = headers[':authority'] ?? headers.host ?? '';
      if (!tls.misdirects(stream.session?.socket, authority)) onStream(stream, headers, ...rest);
      else refuseRequest(stream, { ok: false, httpStatus: status, status: 14, message });
    },
    onHttp1: (request, response, ...rest) => {
      if (!tls.misdirects(request.socket, request.headers.host ?? '')) {
        onHttp1(request, response, ...rest);
        return;
      }
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(`${message}\n`);
    },
    ...(onUpgrade === undefined
      ? {}
      : {
          onUpgrade: (request, socket, ...rest) => {
            if (!tls.misdirects(request.socket, request.headers.host ?? '')) {
              onUpgrade(request, socket, ...rest);
              return;
            }
            socket.on('error', () => socket.destroy());
            socket.end(plainAnswer(status, message), () => socket.destroy());
          },
        }),
  };
}
