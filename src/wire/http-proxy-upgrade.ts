import { type IncomingMessage, STATUS_CODES, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawMetadata } from '../rpc/call.js';
import type { OriginRequest, OriginTimeouts } from './http-proxy.js';
import { readyEvent } from './http-proxy-exchange.js';
import { type OriginFailure, originFailure, responseFields, timedOut } from './http-proxy-response.js';
import { ClosableWebSocket } from './http-proxy-websocket.js';
import { joinDuplexes } from './join-duplexes.js';

/** Seconds of silence after which the system probes whether the other end of a WebSocket is still there. */
const keepAliveMs = 60_000;

/** What becomes of a request for a WebSocket. Exactly one of `opened`, `answered` and `failed` is called, at most once. */
export interface UpgradeHooks {
  /** It is open. */
  opened(): void;
  /** The service has answered something else, which is passed on. */
  answered(status: number): void;
  /** Nothing was said to the client yet. */
  failed(failure: OriginFailure): void;
  /** The connection is over. */
  closed(): void;
}

/** A WebSocket on its way through. */
export interface OpenUpgrade {
  /** Ends it; an open WebSocket with a close frame. */
  close(code: number, reason: string): void;
}

/** Plays a request for a WebSocket into an origin; once it has agreed, bytes pass both ways until one end is gone. */
export function playUpgrade(
  options: OriginRequest,
  timeouts: OriginTimeouts,
  socket: Duplex,
  early: Buffer,
  hooks: UpgradeHooks,
): OpenUpgrade {
  let open: ClosableWebSocket | undefined;
  let settled = false;
  const request = startRequest({
    ...options,
    headers: [...options.headers, 'connection', 'Upgrade', 'upgrade', 'websocket'],
    setHost: false,
  });
  const headMs = timeouts.headMs ?? 60_000;
  const connectMs = timeouts.connectMs ?? 5_000;
  let timer = setTimeout(() => fail(timedOut('a connection to it could not be made in time')), connectMs);
  const settle = (): boolean => {
    clearTimeout(timer);
    if (settled || socket.destroyed) return false;
    settled = true;
    return true;
  };
  const fail = (failure: OriginFailure): void => {
    if (settle()) hooks.failed(failure);
    request.destroy();
  };
  socket.once('close', () => {
    clearTimeout(timer);
    request.destroy();
    hooks.closed();
  });
  request.on('error', (error) => fail(originFailure(error)));
  request.on('socket', (origin: Socket) => {
    origin.once(readyEvent(options), () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(timedOut(`it has not answered within ${headMs} ms`)), headMs);
    });
  });
  request.on('response', (response) => {
    const fields = responseFields(response.rawHeaders);
    if (fields === undefined) fail(unreadable);
    else if (settle()) {
      hooks.answered(response.statusCode ?? 502);
      passOn(response, fields, socket, timeouts.idleMs ?? 120_000);
    }
  });
  request.on('upgrade', (response, origin: Duplex, first: Buffer) => {
    const fields = responseFields(response.rawHeaders);
    if (fields === undefined || response.headers.upgrade?.toLowerCase() !== 'websocket' || !settle()) {
      origin.destroy();
      fail(unreadable);
      return;
    }
    if ('setKeepAlive' in socket && typeof socket.setKeepAlive === 'function') {
      socket.setKeepAlive(true, keepAliveMs);
    }
    socket.write(headText(101, [...fields, 'connection', 'Upgrade', 'upgrade', 'websocket']));
    if (first.length > 0) origin.unshift(first);
    if (early.length > 0) socket.unshift(early);
    open = new ClosableWebSocket(socket);
    joinDuplexes(open, origin);
    hooks.opened();
  });
  request.end();
  return {
    close: (code, reason) => {
      if (open === undefined) socket.destroy();
      else open.closeWith(code, reason);
    },
  };
}

const unreadable: OriginFailure = {
  status: 502,
  code: 'SERVICE_BROKEN',
  why: 'its answer to a request for a WebSocket cannot be passed on',
};

/** Answers a client whose request for a WebSocket was answered with something else, and closes. */
function passOn(response: IncomingMessage, fields: string[], socket: Duplex, idleMs: number): void {
  const { statusCode = 502, headers } = response;
  const length = headers['content-length'];
  if (length !== undefined) fields.push('content-length', length);
  socket.write(headText(statusCode, [...fields, 'connection', 'close']));
  response.setTimeout(idleMs, () => socket.destroy());
  response.on('error', () => socket.destroy());
  socket.on('error', () => response.destroy());
  response.pipe(socket);
}

function headText(status: number, fields: RawMetadata): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i] ?? ''}: ${fields[i + 1] ?? ''}\r\n`;
  return `${text}\r\n`;
}
