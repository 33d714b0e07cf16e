import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorText, PosternError } from '../../errors.js';
import type { PageFile } from '../../own-page.js';
import { inspectorPage } from '../page-files.js';

/** Where what was opened is, in the page's own folder. */
const folder = '/inspect/opened/';
const host = '127.0.0.1';

/** A file of a run, to be shown without a hub. */
export interface ServedRunFile {
  /** Its name, and its bytes, packed or not. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Name of the run. */
  readonly run: string;
  /** Its report as a page that needs nothing else; undefined: there is none. */
  readonly report: string | undefined;
}

/** The page that shows a file. */
export interface ServedPage {
  /** Leads to the run in the page. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the page with a file of a run, to this machine alone, at a port that is free. Throws `LISTEN_FAILED` and `PAGE_MISSING`. */
export async function serveRunFile(file: ServedRunFile): Promise<ServedPage> {
  const find = filesOf(file);
  let port = 0;
  const server = createServer((request, response) =>
    answer(request, response, { find, port, run: file.run }),
  );
  port = await new Promise<number>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new PosternError('LISTEN_FAILED', `cannot listen on ${host}: ${errorText(cause)}`, { cause }));
    });
    server.listen(0, host, () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  return {
    url: `http://${host}:${port}${placeOf(file.run)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What there is at a path. */
type Find = (path: string) => PageFile | undefined;

function filesOf({ name, bytes, report }: ServedRunFile): Find {
  const page = inspectorPage();
  const fileAt = `${folder}${encodeURIComponent(name)}`;
  const reportAt = `${folder}report.html`;
  const metas = [
    meta('postern-run-file', fileAt),
    ...(report === undefined ? [] : [meta('postern-report', reportAt)]),
  ];
  const plain = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  return (path) => {
    if (path === fileAt) return { type: 'application/octet-stream', body: bytes, fields: plain };
    if (path === reportAt && report !== undefined) {
      return { type: 'text/html; charset=utf-8', body: Buffer.from(report), fields: plain };
    }
    if (path.startsWith(folder) || !`${path}/`.startsWith(`${page.path}/`)) return undefined;
    const found = page.file(path);
    if (found === undefined || !found.type.startsWith('text/html')) return found;
    const body = Buffer.from(found.body.toString('utf8').replace('</head>', `${metas.join('')}</head>`));
    return { type: found.type, body, fields: found.fields.filter((_, i, all) => !isEtag(all, i)) };
  };
}

/** The document is another one than that of the hub's page. */
function isEtag(fields: readonly string[], at: number): boolean {
  return fields[at - (at % 2)] === 'etag';
}

/** The content is percent-encoded: it has nothing that would end it. */
function meta(name: string, content: string): string {
  return `<meta name="${name}" content="${content}" />`;
}

function answer(
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
  { find, port, run }: { readonly find: Find; readonly port: number; readonly run: string },
): void {
  const say = (code: number, words: string, more: Record<string, string> = {}) =>
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', ...more }).end(`${words}\n`);
  // A page of elsewhere whose name was made to lead here shall not read it.
  if (headers.host !== `${host}:${port}`) return void say(421, `this is http://${host}:${port}/`);
  if (method !== 'GET' && method !== 'HEAD') return void say(405, 'GET, HEAD', { allow: 'GET, HEAD' });
  const path = url.split('?', 1)[0] ?? '/';
  if (path === '/') return void say(302, 'see there', { location: placeOf(run) });
  const found = find(path);
  if (found === undefined) return void say(404, 'there is no such file');
  response.writeHead(200, [
    ...['content-type', found.type, 'content-length', String(found.body.length)],
    ...found.fields,
  ]);
  response.end(method === 'HEAD' ? undefined : found.body);
}

function placeOf(run: string): string {
  return `/inspect/runs/${encodeURIComponent(run)}`;
}
