/** Makes elements. Data comes in as text and as attributes only, never as markup: a name can do no harm. */

export type Child = Node | string | undefined;
/** Absent attributes are left away; `true` sets an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An HTML element. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<T extends Element>(element: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** A part of the page under a heading, which links can lead to. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  const heading = el('h2', { id: `${id}-title` }, title);
  return el('section', { id, 'aria-labelledby': `${id}-title` }, heading, ...children);
}

/** One cell of a table: what it shows, and how. */
export interface Cell {
  readonly content: Child;
  readonly attributes?: Attributes;
}

/** A table that scrolls sideways by itself where it is too wide; `numbers` are the columns that are set to the right. */
export function table(
  caption: string,
  heads: readonly (string | { readonly title: string; readonly meaning: string })[],
  rows: readonly (readonly (Child | Cell)[])[],
  numbers: readonly number[] = [],
): HTMLElement {
  const aligned = (i: number): Attributes => (numbers.includes(i) ? { class: 'number' } : {});
  const head = heads.map((one, i) =>
    typeof one === 'string'
      ? el('th', { scope: 'col', ...aligned(i) }, one)
      : el('th', { scope: 'col', title: one.meaning, ...aligned(i) }, one.title),
  );
  const body = rows.map((row) =>
    el(
      'tr',
      {},
      ...row.map((one, i) => {
        const { content, attributes } = isCell(one) ? one : { content: one, attributes: {} };
        return el('td', { ...aligned(i), ...attributes }, content);
      }),
    ),
  );
  return el(
    'div',
    { class: 'wide' },
    el(
      'table',
      {},
      el('caption', {}, caption),
      el('thead', {}, el('tr', {}, ...head)),
      el('tbody', {}, ...body),
    ),
  );
}

function isCell(one: Child | Cell): one is Cell {
  return typeof one === 'object' && 'content' in one && !(one instanceof Node);
}

/** Term by term what belongs to something. */
export function facts(pairs: readonly (readonly [string, Child])[]): HTMLElement {
  return el('dl', {}, ...pairs.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)]));
}

/** A choice among values; calls `chosen` when another is taken. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: (value: string) => void,
): { readonly element: HTMLElement; readonly select: HTMLSelectElement } {
  const select = el('select', {}, ...options.map(([value, text]) => el('option', { value }, text)));
  select.addEventListener('change', () => chosen(select.value));
  return { element: el('label', {}, `${label} `, select), select };
}

/** A button that does something. */
export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', press);
  return made;
}
