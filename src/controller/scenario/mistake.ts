/** The way to a value: keys of maps, places in lists. */
export type Path = readonly PropertyKey[];

/** Something that is wrong, and with what. */
export interface Mistake {
  readonly path: Path;
  readonly text: string;
}

/** `groups.chat.tests.ping.interval`, `faults[0].at`; empty for the whole. */
export function pathText(path: Path): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('')
    .replace(/\p{Cc}/gu, '?');
}
