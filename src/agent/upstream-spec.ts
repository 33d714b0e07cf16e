import { PosternError } from '../errors.js';
import { type Address, parseAddress } from '../wire/address.js';

/** A local server that takes the calls of some services. */
export interface UpstreamSpec {
  /** What the paths of its calls start with, without the first slash: `etcdserverpb.`; '' for all. */
  readonly prefix: string;
  readonly address: Address;
  /** Speak TLS to it. */
  readonly tls: boolean;
}

/** What may stand before `=`: the start of a package, service or method name. */
const prefixShape = /^\/?[A-Za-z_][A-Za-z0-9_.]*(\/[A-Za-z0-9_]*)?$/;

/**
 * Reads `[PREFIX=]ADDRESS`, where the address is `HOST:PORT`, `unix:PATH` or `tls://HOST:PORT`.
 *
 * Throws `PosternError` `UPSTREAM_INVALID` or `ADDRESS_INVALID` (exit status 2), which quote the text.
 */
export function parseUpstream(text: string): UpstreamSpec {
  const equals = text.startsWith('unix:') ? -1 : text.indexOf('=');
  const prefix = equals < 0 ? '' : text.slice(0, equals);
  if (equals >= 0 && !prefixShape.test(prefix)) {
    throw new PosternError('UPSTREAM_INVALID', `'${text}' is no upstream: '${prefix}' is no service prefix`, {
      hint: "write [PREFIX=]ADDRESS, e.g. '127.0.0.1:50051' or 'etcdserverpb.=127.0.0.1:2379'",
      exitCode: 2,
    });
  }
  const rest = text.slice(equals + 1);
  const tls = rest.startsWith('tls://');
  return {
    prefix: prefix.replace(/^\//, ''),
    address: parseAddress(tls ? rest.slice('tls://'.length) : rest),
    tls,
  };
}

/**
 * Reads the upstreams of an agent. Throws as `parseUpstream` does, and `UPSTREAM_INVALID` when two of them have the
 * same prefix.
 */
export function parseUpstreams(texts: readonly string[]): UpstreamSpec[] {
  const specs = texts.map(parseUpstream);
  const prefixes = new Set<string>();
  for (const { prefix } of specs) {
    if (prefixes.has(prefix)) {
      const what = prefix === '' ? 'take all services' : `have the prefix '${prefix}'`;
      throw new PosternError('UPSTREAM_INVALID', `two upstreams ${what}`, {
        hint: 'give each its own service prefix: PREFIX=ADDRESS; the longest prefix that fits a call decides',
        exitCode: 2,
      });
    }
    prefixes.add(prefix);
  }
  return specs;
}
