import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { PosternError } from '../errors.js';
import type { Gate } from './gate.js';
import { GatedHttpAgent, GatedHttpsAgent, GatedProxyAgent } from './gated-agents.js';

/** How servers of the web are reached: through which proxy, and whom to trust. */
export interface OutboundOptions {
  /** PEM of the issuers to trust instead of those that Node knows. */
  readonly ca?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
  /** URL of the proxy; '' for none; absent: as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say. */
  readonly proxy?: string;
  /** What all connections go through. */
  readonly gate?: Gate;
}

/** One way out, for one request or WebSocket. */
export interface Outbound {
  /** For the options of `http.request`, `https.request` and of a WebSocket. */
  readonly request: { readonly agent: HttpAgent; readonly ca?: string; readonly rejectUnauthorized: boolean };
  /** `HOST:PORT` of the proxy, '' where there is none. */
  readonly proxy: string;
  /** Why the proxy did not let us through, or undefined. */
  refusal(): PosternError | undefined;
  /**
   * Ends what waits for the proxy to answer. A request that is destroyed has no socket yet then, and would wait on.
   */
  giveUp(): void;
}

/**
 * What Node's HTTP client and WebSockets connect with towards `url` (http, https, ws, wss). A proxy is asked with
 * CONNECT, also for what is not encrypted, and shown the login of its URL.
 *
 * Throws `PosternError` `PROXY_INVALID` (exit status 2).
 */
export function outbound(url: URL, options: OutboundOptions): Outbound {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const tls = {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    rejectUnauthorized: options.rejectUnauthorized ?? true,
  };
  const proxy = options.proxy ?? getProxyForUrl(`${secure ? 'https' : 'http'}://${url.host}`);
  if (proxy === '') {
    const agent = secure ? httpsAgent(options.gate) : httpAgent(options.gate);
    return { request: { agent, ...tls }, proxy: '', refusal: () => undefined, giveUp: () => {} };
  }
  const { href, host } = proxyUrl(proxy);
  const givenUp = new AbortController();
  const asked = { ...tls, signal: givenUp.signal };
  const agent =
    options.gate === undefined
      ? new HttpsProxyAgent(href, asked)
      : new GatedProxyAgent(options.gate, href, asked);
  let refusal: PosternError | undefined;
  agent.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
    if (statusCode !== 200) refusal = proxyRefusal(host, url.host, statusCode);
  });
  return {
    request: { agent, ...tls },
    proxy: host,
    refusal: () => refusal,
    giveUp: () => givenUp.abort(),
  };
}

const httpAgent = (gate?: Gate): HttpAgent =>
  gate === undefined ? new HttpAgent() : new GatedHttpAgent(gate);
const httpsAgent = (gate?: Gate): HttpsAgent =>
  gate === undefined ? new HttpsAgent() : new GatedHttpsAgent(gate);

function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // The text may hold a password: it is not shown.
  throw new PosternError(
    'PROXY_INVALID',
    'the URL of the proxy is not of the form http://HOST:PORT or https://HOST:PORT',
    { hint: 'look at HTTPS_PROXY and its like, e.g. http://user:password@proxy.example:3128', exitCode: 2 },
  );
}

function proxyRefusal(proxy: string, to: string, status: number): PosternError {
  const message = `the proxy at ${proxy} does not let us through to ${to}: HTTP ${status}`;
  // A login that is wrong is 401 for tinyproxy.
  const hint =
    status === 407 || status === 401
      ? 'it wants a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT'
      : 'ask who runs the proxy to allow CONNECT to this host and port, or name it in NO_PROXY';
  return new PosternError('PROXY_REFUSED', message, { hint });
}
