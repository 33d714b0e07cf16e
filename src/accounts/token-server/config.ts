import { serviceName } from '../../auth/service-tokens.js';
import { PosternError } from '../../errors.js';
import { parseAddress } from '../../wire/address.js';
import type { TlsFiles } from '../../wire/tls-identity.js';

/** Where the answer to `/authorize` leads: the app of the daemon's user, and nowhere else. */
export const redirectUri = 'berty://services-auth/';

/** Everything that a token server is told. */
export interface TokenServerConfig {
  /** `HOST:PORT`; port 0 takes any. */
  readonly listen: string;
  /** `HOST:PORT` of each service, by its short name. */
  readonly services: ReadonlyMap<string, string>;
  /** Ids of programs that may ask. */
  readonly clients: readonly string[];
  /** File of the key that signs tokens. */
  readonly keyFile: string;
  /** Whether it answers at once, without a page that asks. */
  readonly noClick: boolean;
  /** Tokens are good for so long, in milliseconds. */
  readonly tokenMs: number;
  /** Codes are good for so long, in milliseconds. Default: a minute. */
  readonly codeMs?: number | undefined;
  /** Absent: no TLS. */
  readonly tls?: TlsFiles | undefined;
}

/** Reads `NAME@HOST:PORT`. Throws `SERVICE_INVALID` (exit status 2). */
export function parseService(text: string): { name: string; endpoint: string } {
  const invalid = (why: string): PosternError =>
    new PosternError('SERVICE_INVALID', `'${text}' is no service: ${why}`, {
      hint: 'write NAME@HOST:PORT, such as rpl@replication.example.org:4101',
      exitCode: 2,
    });
  const at = text.indexOf('@');
  if (at < 0) throw invalid('there is no @');
  const name = serviceName.safeParse(text.slice(0, at));
  if (!name.success) throw invalid(name.error.issues[0]?.message ?? 'the name is wrong');
  const endpoint = text.slice(at + 1);
  let address: ReturnType<typeof parseAddress>;
  try {
    address = parseAddress(endpoint);
  } catch (thrown) {
    throw invalid(thrown instanceof PosternError ? thrown.message : 'the address is wrong');
  }
  if ('path' in address || address.host === '') throw invalid('the address is not HOST:PORT');
  return { name: name.data, endpoint };
}

/** Reads all services, each name once. Throws `SERVICE_INVALID` (exit status 2). */
export function parseServices(texts: readonly string[]): Map<string, string> {
  const services = new Map<string, string>();
  for (const text of texts) {
    const { name, endpoint } = parseService(text);
    if (services.has(name)) {
      throw new PosternError('SERVICE_INVALID', `the service '${name}' is named twice`, { exitCode: 2 });
    }
    services.set(name, endpoint);
  }
  return services;
}
