import { PosternError } from '../errors.js';
import { parseAddress, type TcpAddress } from '../wire/address.js';

/** Where to listen here, and where connections lead there. */
export interface ForwardSpec {
  readonly listen: TcpAddress;
  /** `HOST:PORT`; '' for the server that takes the node's calls. */
  readonly target: string;
}

/**
 * Reads `LOCALPORT:HOST:PORT`, `LOCALPORT:PORT` (of the node's own machine) or `LOCALPORT` (the server that takes the
 * node's calls); an empty LOCALPORT takes any free one. Throws `FORWARD_INVALID` (exit status 2).
 */
export function parseForward(text: string, host: string): ForwardSpec {
  const [, local = '', rest] = /^(\d{0,5})(?::(.*))?$/s.exec(text) ?? [undefined, undefined];
  if (rest === undefined && local === '') throw invalid(text, 'no port is named');
  const port = local === '' ? 0 : Number(local);
  if (port > 65_535) throw invalid(text, 'the local port is above 65535');
  return { listen: { host, port }, target: targetOf(text, rest ?? '') };
}

function targetOf(text: string, rest: string): string {
  if (rest === '') return '';
  const target = /^\d+$/.test(rest) ? `127.0.0.1:${rest}` : rest;
  try {
    parseAddress(target);
    return target;
  } catch (thrown) {
    throw invalid(text, thrown instanceof PosternError ? thrown.message : '');
  }
}

function invalid(text: string, why: string): PosternError {
  return new PosternError('FORWARD_INVALID', `'${text}' is no forward: ${why}`, {
    hint: 'write LOCALPORT:HOST:PORT, e.g. 5432:127.0.0.1:5432, or :HOST:PORT for any free local port',
    exitCode: 2,
  });
}
