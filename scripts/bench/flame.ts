/**
 * A CPU profile as a flame graph: one SVG file that needs nothing else. The width of a box is time, what it called
 * stands above it; the pointer shows names and shares.
 *
 * As a program: `node dist/scripts/bench/flame.js PROFILE.cpuprofile TITLE > FLAME.svg`.
 */
import { readFile } from 'node:fs/promises';
import { type CpuProfile, type Frame, fold } from './folded.js';

const width = 1200;
const rowHeight = 17;
const margin = 10;
const titleHeight = 46;
/** Pixels of the narrowest box that is drawn. */
const narrowest = 0.8;
/** Pixels of one letter, about. */
const letter = 6.6;

/** Colours by where the code is from. */
const colours: readonly (readonly [label: string, colour: string, is: (frame: Frame) => boolean])[] = [
  ['Postern', '#f2b544', ({ where }) => where.startsWith('src/') || where.startsWith('machines/')],
  ['NATS client', '#7fc97f', ({ where }) => /^(nats|transport-node|jetstream|kv|nuid)/.test(where)],
  ['HTTP/2 of Node', '#e8785c', ({ where }) => where.startsWith('node:internal/http2')],
  [
    'streams of Node',
    '#f0a98f',
    ({ where }) => /^node:(internal\/(streams|js_stream)|internal\/stream_|stream|net)/.test(where),
  ],
  ['garbage collector', '#b3a2c7', ({ name }) => name === '(garbage collector)'],
  ['other', '#c9cfd6', () => true],
];

/** Draws a folded profile. */
export function drawFlame(root: Frame, title: string): string {
  const boxes: string[] = [];
  const scale = (width - 2 * margin) / root.micros;
  let deepest = 0;
  const place = (frame: Frame, x: number, depth: number): void => {
    const pixels = frame.micros * scale;
    if (pixels < narrowest) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(frame, x, pixels, depth, frame.micros / root.micros));
    let at = x;
    const children = [...frame.children.values()].sort((a, b) => b.micros - a.micros);
    for (const child of children) {
      place(child, at, depth + 1);
      at += child.micros * scale;
    }
  };
  place(root, margin, 0);
  const height = titleHeight + (deepest + 1) * rowHeight + margin;
  let legendX = margin;
  const legend = colours.map(([label, colour]) => {
    const x = legendX;
    legendX += 26 + label.length * letter;
    return `<rect x="${x}" y="26" width="12" height="12" fill="${colour}"/><text x="${x + 16}" y="36">${label}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<style>g.b rect{stroke:#fff;stroke-width:.6}g.b:hover rect{stroke:#000}</style>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin}" y="16" font-size="13">${escaped(title)}</text>`,
    ...legend,
    `<g transform="translate(0 ${height - margin})">`,
    ...boxes,
    '</g></svg>\n',
  ].join('\n');
}

function box(frame: Frame, x: number, pixels: number, depth: number, share: number): string {
  const y = -(depth + 1) * rowHeight;
  const colour = colours.find(([, , is]) => is(frame))?.[1] ?? '';
  const full = frame.where === '' ? frame.name : `${frame.name} (${frame.where})`;
  const fits = Math.floor((pixels - 4) / letter);
  const label = fits < 3 ? '' : full.length <= fits ? full : `${frame.name.slice(0, fits - 1)}…`;
  const text = label === '' ? '' : `<text x="${round(x + 2)}" y="${y + 12}">${escaped(label)}</text>`;
  const rect = `<rect x="${round(x)}" y="${y}" width="${round(pixels)}" height="${rowHeight}" fill="${colour}"/>`;
  return `<g class="b"><title>${escaped(full)} ${(share * 100).toFixed(1)} %</title>${rect}${text}</g>`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

if (import.meta.filename === process.argv[1]) {
  const [file = '', title = ''] = process.argv.slice(2);
  const profile: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
  process.stdout.write(drawFlame(fold(profile), title));
}
