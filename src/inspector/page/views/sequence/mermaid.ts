import { actorKey, type Move, moveText } from '../machine/model.js';
import type { Lane } from './lanes.js';

/** A sequence as mermaid draws it, for documents: arrows from whose doing it was, notes for the rest. */
export function mermaidOf(lanes: readonly Lane[], moves: readonly Move[]): string {
  const names = new Map(lanes.map(({ key }, index) => [key, `a${index + 1}`]));
  const lines = ['sequenceDiagram'];
  for (const [key, name] of names) lines.push(`  participant ${name} as ${plain(key)}`);
  for (const move of moves) {
    const name = names.get(actorKey(move));
    if (name === undefined) continue;
    const said = `${plain(moveText(move))}: ${move.from || 'nothing'} to ${move.to || 'ended'}`;
    const by = names.get(move.by);
    lines.push(by === undefined ? `  Note over ${name}: ${said}` : `  ${by}->>${name}: ${said}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Without the signs that end a line of mermaid or begin something in it. */
function plain(text: string): string {
  return text.replaceAll(/[;#\n%]/g, ' ');
}
