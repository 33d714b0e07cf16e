import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PosternError } from '../errors.js';
import type { OwnPage, PageFile } from '../own-page.js';

const folder = join(import.meta.dirname, 'page');

/** The files there are, by their type. */
const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'main.css': 'text/css; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** The page and all that it needs come from here, and it talks to nobody else. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

/** The inspector's page. Throws `PAGE_MISSING` where it was not built. */
export function inspectorPage(): OwnPage {
  const path = '/inspect';
  const files = new Map(Object.entries(types).map(([name, type]) => [name, pageFile(name, type)]));
  return {
    path,
    // Places in the page are paths too, so that a link leads to them.
    file: (asked) => {
      const name = asked.slice(path.length + 1);
      return (
        files.get(name) ?? (name.includes('.') && !name.includes('/') ? undefined : files.get('index.html'))
      );
    },
  };
}

function pageFile(name: string, type: string): PageFile {
  const body = read(name);
  const gzipped = gzipSync(body, { level: 9 });
  const fields = [
    'cache-control',
    'no-cache',
    'content-security-policy',
    policy,
    'referrer-policy',
    'no-referrer',
    'x-content-type-options',
    'nosniff',
  ];
  const tag = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { type, body, gzipped: gzipped.length < body.length ? gzipped : undefined, tag, fields };
}

function read(name: string): Buffer {
  try {
    return readFileSync(join(folder, name));
  } catch (cause) {
    throw new PosternError('PAGE_MISSING', `${join(folder, name)} cannot be read`, {
      hint: 'build anew: npm run compile',
      cause,
    });
  }
}
