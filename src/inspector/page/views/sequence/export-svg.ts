import { actorKey } from '../machine/model.js';
import type { Column } from './axis.js';
import { arrowOf, arrowPath, laneLines, markText, widthOf } from './geometry.js';
import type { Lane } from './lanes.js';

const head = 40;

/** A whole sequence as a file of its own, dark on white. */
export function svgFile(lanes: readonly Lane[], column: Column, timeOf: (ms: number) => string): string {
  const lines = laneLines(lanes);
  const [width, height] = [widthOf(lanes), column.height + head];
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
  ];
  for (const [key, x] of lines) {
    out.push(
      `<text x="${x - 8}" y="24" font-weight="bold">${escaped(key)}</text>`,
      `<path d="M${x} ${head}V${height}" stroke="#bbb"/>`,
    );
  }
  for (const mark of column.marks) {
    const y = mark.y + head;
    const x = lines.get(actorKey(mark.move)) ?? 0;
    const arrow = arrowOf({ ...mark, y }, lines);
    if (arrow !== undefined) out.push(`<path d="${arrowPath(arrow)}" stroke="#0b57b0" fill="none"/>`);
    out.push(
      `<text x="4" y="${y + 4}" fill="#666">${timeOf(mark.move.atMs)}</text>`,
      `<circle cx="${x}" cy="${y}" r="4" fill="#0b57b0"/>`,
      `<text x="${x + 9}" y="${y + 4}">${escaped(markText(mark.move, 0))}</text>`,
    );
  }
  out.push('</svg>');
  return `${out.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
