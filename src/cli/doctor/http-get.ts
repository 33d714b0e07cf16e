import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { HubTarget } from '../../client/hub-target.js';
import { placeOf } from './subject.js';

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The server's clock, Unix time in milliseconds to a second; undefined: it does not tell. */
  readonly dateMs: number | undefined;
  /** Our clock in the middle between question and answer, Unix time in milliseconds. */
  readonly atMs: number;
}

/** How long an answer may take, in milliseconds: less than a check, so that the check can tell. */
const answerMs = 4_000;
const longestBody = 4_096;

/**
 * Asks a hub over HTTP/1.1. Its certificate is looked at by another check: here only its clock and health matter.
 * Rejects with why there is no answer.
 */
export function httpGet(target: HubTarget, path: string): Promise<HttpAnswer> {
  const place = placeOf(target);
  const startedAtMs = Date.now();
  const options: RequestOptions & { rejectUnauthorized: false } = {
    ...('path' in place ? { socketPath: place.path } : place),
    path,
    agent: false,
    timeout: answerMs,
    rejectUnauthorized: false,
  };
  return new Promise((resolve, reject) => {
    const request = (target.tls === undefined ? plainRequest : secureRequest)(options, (response) => {
      readBody(response).then((body) => {
        clearTimeout(timer);
        const date = Date.parse(response.headers.date ?? '');
        const dateMs = Number.isNaN(date) ? undefined : date;
        const atMs = (startedAtMs + Date.now()) / 2;
        resolve({ status: response.statusCode ?? 0, body, dateMs, atMs });
      }, reject);
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`it does not answer within ${answerMs / 1000} s`));
    }, answerMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body = (body + String(chunk)).slice(0, longestBody);
  }
  return body;
}
