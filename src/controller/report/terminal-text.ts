/** Writes words in colour, or plainly where colours are not wanted. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

const asItIs = (text: string): string => text;

/** No colours. */
export const plain: Paint = { bold: asItIs, dim: asItIs, red: asItIs, green: asItIs, yellow: asItIs };

/** Control characters, and those that turn the direction of text around: they would steer the terminal. */
const steering = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text from elsewhere as a terminal may show it: on one line, with U+FFFD for what would steer it. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(steering, '\ufffd');
}

/** Cut to a width, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Padded to a width; `right` sets it to the right. */
export function pad(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, width - [...text].length));
  return right ? blanks + text : text + blanks;
}

/** Words on lines of at most `width`; all lines but the first begin with `indent` blanks. A word that fits on no line is broken. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  const room = (): number => Math.max(1, width - (lines.length === 0 ? 0 : indent));
  const end = (): void => {
    lines.push(lines.length === 0 ? line : ' '.repeat(Math.min(indent, width - 1)) + line);
    line = '';
  };
  for (const word of text.split(' ')) {
    let letters = [...word];
    const fitsNowhere = letters.length > width - indent;
    if (line !== '' && [...line].length + 1 + letters.length > room() && !fitsNowhere) end();
    while (letters.length + (line === '' ? 0 : [...line].length + 1) > room()) {
      const start = line === '' ? '' : `${line} `;
      const free = Math.max(0, room() - [...start].length);
      line = start + letters.slice(0, free).join('');
      letters = letters.slice(free);
      end();
    }
    if (letters.length > 0) line = line === '' ? letters.join('') : `${line} ${letters.join('')}`;
  }
  if (line !== '' || lines.length === 0) end();
  return lines;
}
