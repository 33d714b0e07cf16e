/** A path that may be matched against rows, or why not. */
export type ReadPath =
  | {
      readonly ok: true;
      /** Without the query; what is percent-encoded needlessly is decoded. */
      readonly path: string;
      /** From `?` on, untouched; ''. */
      readonly query: string;
    }
  | { readonly ok: false; readonly why: string };

/** Everything that RFC 3986 lets stand in a path as it is, but `;`. */
const plain = /^\/[A-Za-z0-9\-._~!$&'()*+,=:@/]*$/;
const encoded = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@/]|%[0-9A-Fa-f]{2})*$/;
const dotSegment = /\/\.{1,2}(?:\/|$)/;
/**
 * Octets that some servers decode before they split a path or leave out, and what a second decoding would make something
 * of.
 */
const hidden = /%(?:[01][0-9A-Fa-f]|7[fF]|2[eEfF]|3[bB]|5[cC]|25[0-9A-Fa-f]{2}|20(?:\/|$))/;
const unreserved = /%(?:2[dD]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])/g;

/**
 * Reads the path of a request before it is matched. Whatever one server may read otherwise than another is refused,
 * so that no row can be dodged by writing its path in another way: `.` and `..` as segments, `//`, `\`, `;`, `#`, control
 * characters, blanks at the end of a segment, and the same percent-encoded once or more.
 */
export function readPath(target: string): ReadPath {
  const at = target.indexOf('?');
  const raw = at === -1 ? target : target.slice(0, at);
  const query = at === -1 ? '' : target.slice(at);
  if (!raw.startsWith('/')) return refused('it does not begin with /');
  let path = raw;
  if (!plain.test(raw)) {
    if (!encoded.test(raw)) return refused(whyNotEncoded(raw));
    path = raw.replace(unreserved, decoded);
    if (hidden.test(path)) {
      return refused(
        'it holds a percent-encoded dot, slash, backslash, semicolon or control character, a segment that ends in a blank, or is encoded twice',
      );
    }
    if (!isUtf8(path)) return refused('its percent-encoding is no UTF-8');
  }
  if (path.includes('//')) return refused('it holds an empty segment (//)');
  if (dotSegment.test(path)) return refused('it holds a segment . or ..');
  return { ok: true, path, query };
}

/**
 * Whether a path lies below a prefix: of whole segments (`/api` takes `/api` and `/api/x`, not `/apix`), or literally
 * where the prefix ends in `.` or `/` (`/etcdserverpb.` takes `/etcdserverpb.KV/Put`).
 */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || endsOpen(prefix) || path[prefix.length] === '/';
}

/** True for a prefix that is taken literally. */
export function endsOpen(prefix: string): boolean {
  return prefix.endsWith('/') || prefix.endsWith('.');
}

/** The path as the service behind a row sees it that takes its prefix off. */
export function stripped(path: string, prefix: string): string {
  const rest = path.slice(prefix.endsWith('/') ? prefix.length - 1 : prefix.length);
  return rest === '' ? '/' : rest;
}

function decoded(octet: string): string {
  return String.fromCharCode(Number.parseInt(octet.slice(1), 16));
}

function whyNotEncoded(raw: string): string {
  if (raw.includes('\\')) return 'it holds a backslash';
  if (raw.includes(';')) return 'it holds a semicolon';
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return 'its percent-encoding is broken';
  return 'it holds characters that have to be percent-encoded';
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function refused(why: string): ReadPath {
  return { ok: false, why };
}
