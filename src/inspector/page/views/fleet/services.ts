/** What an instance says that it serves, as people write it: `a.B/` is the service `a.B`, `a.b.` all of a package. */
export function serviceName(said: string): string {
  if (said.endsWith('/')) return said.slice(0, -1);
  return said.endsWith('.') ? `${said}*` : said;
}

/** Names of services without their packages; those that every server has, for health and reflection, come last. */
export function shortNames(services: readonly string[]): string {
  return services
    .toSorted((a, b) => Number(isCommon(a)) - Number(isCommon(b)))
    .map((name) => /[^.]*(?:\.\*)?$/.exec(name)?.[0] ?? name)
    .join(', ');
}

function isCommon(name: string): boolean {
  return name.startsWith('grpc.');
}
