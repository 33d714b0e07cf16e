import type { DescMethod, DescService } from '@bufbuild/protobuf';

/** Words for methods besides those made from their names, as the original client has them. */
const aliases: Readonly<Record<string, string>> = {
  'internal.Hub.StreamActivityFeed': 'activity-feed',
};

/** `StreamActivityFeed` as `stream-activity-feed`, `KV` as `kv`, `HTTPServer` as `http-server`. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/_+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}

/** The word that calls a service. */
export function serviceWord(fullName: string): string {
  return kebab(simpleName(fullName));
}

/** The word that calls a method. */
export function methodWord(method: DescMethod): string {
  return aliases[`${method.parent.typeName}.${method.name}`] ?? kebab(method.name);
}

/**
 * The services that a word may mean, out of these full names: the one of this full name, else those whose last name, or
 * end of the full name, it is, as declared or in kebab-case. A dot before the word is left out.
 */
export function servicesCalled(word: string, names: readonly string[]): string[] {
  const wanted = word.replace(/^\./, '');
  if (names.includes(wanted)) return [wanted];
  return names.filter((name) => {
    const inKebab = `${name.slice(0, name.length - simpleName(name).length)}${serviceWord(name)}`;
    return [name, inKebab].some((one) => one === wanted || one.endsWith(`.${wanted}`));
  });
}

/** The methods that a word may mean: the one of this very name, else those that have it in kebab-case or as an alias. */
export function methodsCalled(word: string, service: DescService): DescMethod[] {
  const exact = service.methods.find(({ name }) => name === word);
  if (exact !== undefined) return [exact];
  return service.methods.filter((method) => word === kebab(method.name) || word === methodWord(method));
}

function simpleName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}
