/** What a token server's answer leads to. */
const callback = 'berty://services-auth/';

/** Fields that a page sends with its form though nobody sees them, at most, and characters of each. */
const [mostHidden, longestHidden] = [16, 1_024];

/** Where a page leads that was read: the callback; that it wants a click, with these fields of its form; or undefined. */
export type PageReading =
  | { readonly url: string }
  | { readonly wantsClick: true; readonly hidden: readonly (readonly [string, string])[] }
  | undefined;

/**
 * Finds the callback in an answer of a token server: in its field `x-auth-redirect`, where it would redirect to, in a text area
 * as today's servers of Berty show it, or in the first link, as older ones do.
 */
export function readCallback(
  fields: { readonly redirect: string | null; readonly location: string | null },
  page: string,
): PageReading {
  const named = [fields.redirect, fields.location].find((url) => url?.startsWith(callback));
  if (named !== undefined && named !== null) return { url: named };
  // nothing is looked for beyond the next `<`: a page made of beginnings would take many seconds
  const [, area = ''] = /<textarea[^<>]*>([^<]*)<\/textarea>/i.exec(page) ?? [];
  const [, link = ''] = /<a\s(?:[^<>]*?\s)?href\s*=\s*["']([^"'<]*)["']/i.exec(page) ?? [];
  for (const text of [area, link]) {
    const url = unescaped(text.trim());
    if (url.startsWith(callback)) return { url };
  }
  return /<form\b/i.test(page) ? { wantsClick: true, hidden: hiddenIn(page) } : undefined;
}

/** The fields of a page's forms that nobody sees. */
function hiddenIn(page: string): [string, string][] {
  const fields: [string, string][] = [];
  for (const [, inside = ''] of page.matchAll(/<input\b([^<>]*)>/gi)) {
    const value = (name: string): string => {
      const [, double, single] =
        new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(inside) ?? [];
      return unescaped(double ?? single ?? '');
    };
    const [name, text] = [value('name'), value('value')];
    if (value('type').toLowerCase() !== 'hidden' || name === '') continue;
    if (fields.length < mostHidden && text.length <= longestHidden) fields.push([name, text]);
  }
  return fields;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of HTML as it is meant. */
function unescaped(html: string): string {
  return html.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
