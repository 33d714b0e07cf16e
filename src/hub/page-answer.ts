import type { IncomingHttpHeaders } from 'node:http';
import type { OwnPage, PageFile } from '../own-page.js';

/** The answer to a request for a page. */
export interface PageAnswer {
  readonly status: 200 | 302 | 304;
  readonly type: string;
  readonly body: Buffer;
  /** Names and values of further fields. */
  readonly more: readonly string[];
}

const nothing = Buffer.alloc(0);

/** The page that a path is in; undefined: in none. */
export function pageOf(pages: readonly OwnPage[], path: string): OwnPage | undefined {
  return pages.find((one) => path === one.path || path.startsWith(`${one.path}/`));
}

/** A file, compressed where that is taken, and not at all where the browser has it already. */
export function fileAnswer(file: PageFile, headers: IncomingHttpHeaders): PageAnswer {
  const { type, body, gzipped, tag, fields } = file;
  const more = ['vary', 'accept-encoding', ...fields];
  if (tag !== undefined) {
    more.push('etag', `W/"${tag}"`);
    if (hasTag(headers['if-none-match'], `"${tag}"`)) return { status: 304, type, body: nothing, more };
  }
  const short = gzipped !== undefined && names(headers['accept-encoding'], 'gzip');
  return short
    ? { status: 200, type, body: gzipped, more: ['content-encoding', 'gzip', ...more] }
    : { status: 200, type, body, more };
}

/** Leads somebody who looks for a page at the root to the first one; undefined: they look for something else. */
export function rootAnswer(pages: readonly OwnPage[], headers: IncomingHttpHeaders): PageAnswer | undefined {
  const [first] = pages;
  if (first === undefined || !names(headers.accept, 'text/html')) return undefined;
  const more = ['location', first.path, 'vary', 'accept'];
  return { status: 302, type: 'text/plain; charset=utf-8', body: Buffer.from(`see ${first.path}\n`), more };
}

/** Whether a list of what somebody accepts has a value by its own name. */
function names(list: string | string[] | undefined, value: string): boolean {
  return String(list ?? '')
    .toLowerCase()
    .split(',')
    .some((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
      return name === value && !parameters.some((one) => /^q=0(?:\.0*)?$/.test(one));
    });
}

/** Tags are compared without their `W/`, as RFC 9110 has it for If-None-Match. */
function hasTag(list: string | undefined, tag: string): boolean {
  if (list === undefined) return false;
  return list.split(',').some((one) => ['*', tag].includes(one.trim().replace(/^W\//, '')));
}
