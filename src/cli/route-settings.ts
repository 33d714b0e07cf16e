import { z } from 'zod';
import { PosternError } from '../errors.js';
import { certificate, type HubConfigInput, route } from '../hub/config.js';
import type { Invocation } from './invocation.js';
import { readPairs } from './setting-schemas.js';
import type { Binding } from './settings.js';

/** What a hub can be told of where calls go and of whom it says to be; read anew while it runs. */
export const routeSettings = {
  routes: z.array(route).optional(),
  /** Certificates of the listeners, one for each host name; the first is shown to everybody else. */
  certificates: z.array(certificate).optional(),
  /** The first of them, and what goes for all. */
  tls: z
    .strictObject({
      on: z.boolean().default(true),
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
      caCertFile: z.string().min(1).optional(),
    })
    .refine(
      (tls) => (tls.certFile === undefined) === (tls.keyFile === undefined),
      'a certificate and its key go together: --tls-cert-file and --tls-key-file',
    )
    .optional(),
};

export const routeBindings: readonly Binding[] = [
  { option: 'tls', key: ['tls', 'on'] },
  { option: 'tls-cert-file', key: ['tls', 'certFile'] },
  { option: 'tls-key-file', key: ['tls', 'keyFile'] },
  { option: 'tls-ca-cert-file', key: ['tls', 'caCertFile'] },
  { option: 'certificate', key: ['certificates'], read: readCertificates },
  { option: 'route', key: ['routes'], read: readRoutes },
];

/** Where the routes come from: the option, its variable, or the file; '' where none are given. */
export function routesOrigin(invocation: Invocation): string {
  const { options } = invocation;
  return options.given('route')?.from ?? options.text('config') ?? '';
}

/** TLS of the front door; undefined: none. Throws `CONFIG_INVALID` (exit status 2) where it has no certificate. */
export function tlsConfigOf(settings: {
  tls?: z.infer<typeof routeSettings.tls>;
  certificates?: readonly z.infer<typeof certificate>[] | undefined;
}): HubConfigInput['tls'] {
  const { tls, certificates = [] } = settings;
  const [first, ...more] = [
    ...(tls?.certFile === undefined ? [] : [{ cert: tls.certFile, key: tls.keyFile ?? '' }]),
    ...certificates,
  ];
  if (tls?.on === false || (tls === undefined && first === undefined)) return undefined;
  if (first === undefined) {
    throw new PosternError(
      'CONFIG_INVALID',
      'TLS needs a certificate and its key: --tls-cert-file and --tls-key-file, or --certificate',
      { exitCode: 2 },
    );
  }
  return { ...first, clientCa: tls?.caCertFile, more };
}

const routeKeys: ReadonlyMap<string, string> = new Map([
  ['path', 'pathPrefix'],
  ...['name', 'host', 'listener', 'node', 'to', 'ca', 'access'].map((key): [string, string] => [key, key]),
  ...['stripPrefix', 'ownPort', 'assertion', 'timeoutSeconds'].map((key): [string, string] => [key, key]),
  ...['roles', 'methods', 'cors'].map((key): [string, string] => [key, key]),
]);
const several: ReadonlySet<string> = new Set(['roles', 'methods', 'cors', 'hosts']);

/** `host=NAME,path=/PREFIX,to=URL` as a row of the route table. */
function readRoutes(value: unknown): unknown {
  return textsOf(value).map((text) => {
    const row = readParts(text, routeKeys, 'ROUTE_INVALID');
    for (const key of ['stripPrefix', 'ownPort', 'assertion']) {
      if (typeof row[key] === 'string' && /^(true|false)$/.test(row[key])) row[key] = row[key] === 'true';
    }
    if (typeof row.timeoutSeconds === 'string') row.timeoutSeconds = Number(row.timeoutSeconds);
    const read = route.safeParse(row);
    if (read.success) return row;
    const [issue] = read.error.issues;
    const where = issue?.path.length === 0 ? '' : `${issue?.path.join('.')}: `;
    throw new PosternError('ROUTE_INVALID', `'${text}': ${where}${issue?.message ?? 'invalid'}`);
  });
}

const certificateKeys: ReadonlyMap<string, string> = new Map([
  ['host', 'hosts'],
  ['cert', 'cert'],
  ['key', 'key'],
]);

/** `host=NAME,cert=FILE,key=FILE` as a certificate. */
function readCertificates(value: unknown): unknown {
  return textsOf(value).map((text) => {
    const read = certificate.safeParse(readParts(text, certificateKeys, 'CERTIFICATE_INVALID'));
    if (read.success) return read.data;
    throw new PosternError(
      'CERTIFICATE_INVALID',
      `'${text}' is not of the form cert=FILE,key=FILE[,host=NAME]`,
    );
  });
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Comma-separated `name=value`; a name that may be given several times holds a list. */
function readParts(text: string, keys: ReadonlyMap<string, string>, code: string): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    for (const [name, value] of Object.entries(readPairs(part))) {
      const key = keys.get(name.trim());
      if (key === undefined) {
        throw new PosternError(code, `'${text}': '${name}' is not one of ${[...keys.keys()].join(', ')}`);
      }
      const earlier = row[key];
      if (several.has(key)) row[key] = [...(Array.isArray(earlier) ? earlier : []), value];
      else if (earlier === undefined) row[key] = value;
      else throw new PosternError(code, `'${text}': '${name}' is given twice`);
    }
  }
  return row;
}
