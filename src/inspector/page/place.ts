import { signal } from '@preact/signals';

/** Where the page is: a view with what it shows, and how, all of it in the URL, so that a link leads to the same. */
export interface Place {
  /** Behind `/inspect/`: `machine/node/attic`, as parts. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

const base = '/inspect/';

/** The place now. */
export const place = signal<Place>(read());

globalThis.addEventListener('popstate', () => {
  place.value = read();
});

/** The URL of a place. */
export function href(parts: readonly string[], query?: URLSearchParams): string {
  const search = query?.toString() ?? '';
  return `${base}${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** Goes there; `replace` leaves no step to go back to. */
export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  place.value = read();
}

/** Sets words of the query, '' removes one; the place stays. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const { parts, query } = place.value;
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  go(href(parts, next), true);
}

/** A click on a link to a place in the page goes there without loading the page anew. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (
      link === null ||
      !plain ||
      event.defaultPrevented ||
      link.target !== '' ||
      link.hasAttribute('download')
    )
      return;
    const { origin, pathname, search, hash } = new URL(link.href, location.href);
    if (origin !== location.origin || !`${pathname}/`.startsWith(base) || hash !== '') return;
    event.preventDefault();
    go(pathname + search);
  });
}

function read(): Place {
  const { pathname, search } = location;
  const rest = pathname.startsWith(base) ? pathname.slice(base.length) : '';
  const parts = rest.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(search) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
