import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { hasRole, type Identity } from '../../auth/identity.js';
import { coversMethod } from '../../auth/method-patterns.js';
import type { ShelfEntry } from '../../bus/shelf.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { answerError, Http1Client, Http2Client, type HttpClient } from '../../wire/http-proxy-client.js';
import { type HttpHead, type ReadHead, readHttp1, readHttp2 } from '../../wire/http-proxy-head.js';
import { inTurn } from '../../wire/http1-turn.js';
import type { Authentication } from '../door/authentication.js';
import { isCall } from '../door/call-kinds.js';
import { asHttp } from '../door/http-gate.js';
import { readRange } from './http-range.js';
import { readMethod } from './reading.js';

/** Paths of files begin so. */
export const doorPath = '/logs/';
/** A client that takes nothing for so long is cut off, milliseconds. */
const stalledMs = 60_000;

/** What is given out, and to whom. */
export interface UploadsDoorOptions {
  readonly authentication: Pick<Authentication, 'identify'>;
  readonly covers: (identity: Identity, node: string) => boolean;
  readonly ended: (identity: Identity) => boolean;
  readonly find: (key: string) => ShelfEntry | undefined;
  readonly read: (key: string, entry: ShelfEntry, from: number) => AsyncGenerator<Uint8Array>;
  readonly log: Logger;
}

/** Files that agents have brought, for whoever shows a token that is good for the logs of their node. */
export class UploadsDoor {
  readonly #options: UploadsDoorOptions;

  constructor(options: UploadsDoorOptions) {
    this.#options = options;
  }

  /** False: the request is for something else. Never throws. */
  takeHttp1(request: IncomingMessage, response: ServerResponse, unbound: () => void): boolean {
    if (request.url?.startsWith(doorPath) !== true || isCall(request.headers)) return false;
    inTurn(response, unbound, () => {
      unbound();
      this.#take(readHttp1(request), new Http1Client(request, response));
    });
    return true;
  }

  /** As `takeHttp1`. */
  takeHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): boolean {
    const path = headers[':path'];
    if (typeof path !== 'string' || !path.startsWith(doorPath) || isCall(headers)) return false;
    this.#take(readHttp2(stream, headers, rawHeaders), new Http2Client(stream));
    return true;
  }

  #take(read: ReadHead, client: HttpClient): void {
    if (!read.ok) {
      answerError(client, '', read);
      return;
    }
    const { head } = read;
    if (head.method !== 'GET' && head.method !== 'HEAD') {
      const message = 'the method here is GET, HEAD';
      answerError(client, head.method, { status: 405, code: 'INVALID', message }, ['allow', 'GET, HEAD']);
      return;
    }
    this.#options.authentication.identify(head.fields, false, {
      identified: (identity) => {
        this.#answer(head, client, identity).catch((thrown: unknown) => {
          this.#options.log.warn({ err: errorText(thrown) }, 'a file could not be given out');
          const message =
            thrown instanceof PosternError ? thrown.message : 'the hub failed; its log says why';
          if (client.responded) client.cut();
          else answerError(client, head.method, { status: 503, code: 'UNAVAILABLE', message });
        });
      },
      unidentified: (refusal) => {
        const { fields, ...error } = asHttp(refusal);
        answerError(client, head.method, error, fields);
      },
    });
  }

  async #answer(head: HttpHead, client: HttpClient, identity: Identity | undefined): Promise<void> {
    const { find, covers } = this.#options;
    const key = keyIn(head.path);
    const entry = key === undefined ? undefined : find(key);
    const may =
      identity !== undefined && hasRole(identity, 'call') && coversMethod(identity.methods, readMethod);
    // whoever may not read a file is not told whether it is there
    if (!may || key === undefined || entry === undefined || !covers(identity, entry.node)) {
      const error = may
        ? {
            status: 404,
            code: 'NOT_FOUND',
            message: 'there is no such file, or it is of a node that the token leaves out',
          }
        : { status: 403, code: 'PERMISSION_DENIED', message: 'the token is not good for reading logs' };
      answerError(client, head.method, error);
      return;
    }
    await this.#give(head, client, { key, entry, identity });
  }

  async #give(
    head: HttpHead,
    client: HttpClient,
    { key, entry, identity }: { key: string; entry: ShelfEntry; identity: Identity },
  ): Promise<void> {
    const { size, sha256, atMs } = entry;
    const tag = `"${sha256}"`;
    const field = (name: string) => fieldOf(head.fields, name);
    const whole = field('if-range') !== undefined && field('if-range') !== tag;
    const range = whole ? undefined : readRange(field('range'), size);
    const fields = [...fileFields(key), 'etag', tag, 'last-modified', new Date(atMs).toUTCString()];
    if (field('if-none-match') === tag) {
      client.respond(304, fields, true);
      client.body.resume();
      return;
    }
    if (range === 'none') {
      const message = `the file has ${size} bytes`;
      const error = { status: 416, code: 'RANGE_INVALID', message };
      answerError(client, head.method, error, ['content-range', `bytes */${size}`]);
      return;
    }
    const { from, to } = range ?? { from: 0, to: size };
    const part = range === undefined ? [] : ['content-range', `bytes ${from}-${to - 1}/${size}`];
    const bodyless = head.method === 'HEAD' || from === to;
    // asked for before the head is sent: what cannot be read is an error then, and not half a file
    const bytes = bodyless ? undefined : this.#options.read(key, entry, from);
    const first = await bytes?.next();
    client.respond(
      range === undefined ? 200 : 206,
      [...fields, 'content-length', String(to - from), ...part],
      bodyless,
    );
    client.body.resume();
    if (bytes === undefined || first === undefined) return;
    let left = to - from;
    for (let got = first; got.done !== true && left > 0; got = await bytes.next()) {
      const chunk = got.value.subarray(0, left);
      left -= chunk.length;
      if (this.#options.ended(identity) || !(await sent(client, chunk))) {
        client.cut();
        break;
      }
      if (left === 0) break;
    }
    await bytes.return(undefined);
    if (left === 0) client.finish([]);
    else client.cut();
  }
}

/** What a browser shall take it for: text to be kept, never a page of ours. */
function fileFields(key: string): string[] {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const plain = name.replaceAll(/[^\w.=@+-]/g, '_');
  return [
    ...['content-type', 'text/plain; charset=utf-8'],
    ...[
      'content-disposition',
      `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)}`,
    ],
    ...['x-content-type-options', 'nosniff'],
    ...['content-security-policy', "default-src 'none'; sandbox"],
    ...['accept-ranges', 'bytes'],
    ...['cache-control', 'private, no-store'],
  ];
}

/** The key in a path; undefined where there can be none. */
function keyIn(path: string): string | undefined {
  const [bare = ''] = path.split('?', 1);
  try {
    return bare.slice(doorPath.length).split('/').map(decodeURIComponent).join('/');
  } catch {
    return undefined;
  }
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** Whether the client took it, or will soon. */
async function sent({ out }: HttpClient, chunk: Uint8Array): Promise<boolean> {
  if (out.destroyed) return false;
  if (out.write(chunk)) return true;
  return new Promise((resolve) => {
    const over = (taken: boolean) => () => {
      clearTimeout(timer);
      out.off('drain', drained);
      out.off('close', closed);
      resolve(taken);
    };
    const [drained, closed] = [over(true), over(false)];
    const timer = setTimeout(closed, stalledMs);
    out.once('drain', drained);
    out.once('close', closed);
  });
}
