import { PosternError } from '../../errors.js';

/** Path of a hub's front door where tunnels are taken. */
const tunnelPath = '/ws';
const schemes: Readonly<Record<string, string>> = {
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
};

/**
 * Reads where a hub takes tunnels: `wss://HOST[:PORT][/PATH]`, `ws://…`, the same with http, or `HOST:PORT` for `ws`.
 * Without a path it is `/ws`. Throws `PosternError` `HUB_URL_INVALID` (exit status 2).
 */
export function tunnelUrl(text: string): URL {
  const written = text.includes('://') ? text : `ws://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const scheme = schemes[url?.protocol ?? ''];
  if (url === undefined || scheme === undefined || url.hostname === '' || url.hash !== '') {
    // A token may stand in it.
    const shown = text.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
    throw new PosternError('HUB_URL_INVALID', `'${shown}' is not the URL of a hub's WebSocket`, {
      hint: 'write wss://HOST/ws or ws://HOST:PORT/ws',
      exitCode: 2,
    });
  }
  const path = url.pathname === '/' ? tunnelPath : url.pathname;
  return new URL(`${scheme}//${url.host}${path}${url.search}`);
}

/** Reads several, as `tunnelUrl` does; throws `HUB_UNKNOWN` (exit status 2) where there is none. */
export function tunnelUrls(texts: readonly string[]): URL[] {
  if (texts.length > 0) return texts.map(tunnelUrl);
  throw new PosternError('HUB_UNKNOWN', 'no hub is named', { hint: 'write wss://HOST/ws', exitCode: 2 });
}
