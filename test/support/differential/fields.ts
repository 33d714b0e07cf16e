/** One header field, name first. */
export type Field = readonly [name: string, value: string];

/** Names and values in turn, as Node's `rawHeaders`, as fields. */
export function fieldsOf(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return fields;
}

/** Values of one name, in order. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([held]) => held === name).map(([, value]) => value);
}

/** Names that Node's HTTP/2 sends only once (its `kSingleValueHeaders`); a hop made of it can only join their values. */
export const singleValuedNames: readonly string[] = [
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
];
const single = new Set(singleValuedNames);

/**
 * What must be the same behind a proxy: the values of each name in their order. Several values of a name that Node
 * sends only once are compared joined by commas, which HTTP calls the same (RFC 9110 section 5.3). Names in `except`
 * are left out.
 */
export function comparable(
  fields: readonly Field[],
  except: readonly string[] = [],
): Record<string, string[]> {
  const names = [...new Set(fields.map(([name]) => name))].filter((name) => !except.includes(name)).sort();
  return Object.fromEntries(
    names.map((name) => {
      const values = valuesOf(fields, name);
      return [name, single.has(name) ? [values.join(', ')] : values];
    }),
  );
}
