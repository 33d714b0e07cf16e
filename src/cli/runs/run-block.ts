import { cut, printable } from '../../controller/report/terminal-text.js';
import type { NodeProgress, Run } from '../../gen/postern/v1/runs.js';
import type { Style } from '../style.js';
import type { RunStory } from './run-story.js';
import { actingText, clockText, hasFailed, tallyOf, tallyText } from './run-words.js';

/** Most nodes that have a line of their own. */
const mostNodes = 12;
/** Columns of a bar, and of the longest name of a node that is shown whole. */
const barWidth = 20;
const nameWidth = 24;

/** A piece of a line; colours take no columns. */
interface Piece {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a run is now, in few lines: none is wider than the terminal, and all fit on it. */
export function runBlock(story: RunStory, size: TerminalSize, style: Style): string[] {
  const { run } = story;
  if (run === undefined) return [];
  const acting = actingText(story.faults, story.nowMs);
  const lines: Piece[][] = [headOf(run, story.nowMs, style)];
  const room = Math.max(1, Math.min(mostNodes, size.rows - 5));
  lines.push(...nodeLines(story, room, style));
  if (story.waitsFor !== '')
    lines.push([{ text: `waits: ${printable(story.waitsFor)}`, paint: style.yellow }]);
  if (acting !== '') lines.push([{ text: acting, paint: style.red }]);
  // A terminal that a line fills to its end may begin another one.
  return lines.map((line) => fitted(line, Math.max(1, size.columns - 1)));
}

function headOf(run: Run, nowMs: number, style: Style): Piece[] {
  const state = run.phases.at(-1)?.state ?? run.state;
  const whole = run.t0Ms > 0 ? run.t0Ms - run.startedAtMs + run.plannedMs : 0;
  const expected = whole > 0 ? ` of about ${clockText(whole)}` : '';
  return [
    { text: run.run, paint: style.bold },
    { text: `  ${state}  ` },
    { text: `${clockText(nowMs - run.startedAtMs)}${expected}`, paint: style.dim },
  ];
}

/** The nodes that are worth a look first; the others are summed up. */
function nodeLines(story: RunStory, room: number, style: Style): Piece[][] {
  const disturbed = new Set(
    story.faults.flatMap(({ fault, now }) => (now === 'acting' || now === 'presumed' ? [fault.node] : [])),
  );
  const weight = (node: NodeProgress): number =>
    (node.reached ? 0 : 8) +
    (hasFailed(node) ? 4 : 0) +
    (tallyOf([node]).troubled > 0 ? 2 : 0) +
    (disturbed.has(node.node) ? 1 : 0);
  const nodes = story.nodes.filter(({ tests }) => tests.length > 0);
  const ranked = nodes.toSorted((a, b) => weight(b) - weight(a) || (a.node < b.node ? -1 : 1));
  const shown = ranked.length > room ? ranked.slice(0, Math.max(0, room - 1)) : nodes;
  const others = ranked.length > room ? ranked.slice(shown.length) : [];
  const summary = others.length === 0 ? '' : `${others.length} more`;
  const width = Math.min(nameWidth, Math.max(summary.length, ...shown.map(({ node }) => node.length)));
  const lines = shown.map((node) => nodeLine(node.node, [node], width, style));
  if (others.length > 0) lines.push(nodeLine(summary, others, width, style));
  return lines;
}

function nodeLine(name: string, nodes: readonly NodeProgress[], width: number, style: Style): Piece[] {
  const tally = tallyOf(nodes);
  const done = tally.amount === 0 ? 0 : Math.min(1, tally.sent / tally.amount);
  const full = Math.floor(done * barWidth);
  const unreached = nodes.filter(({ reached }) => !reached).length;
  const missing = unreached === 0 ? '' : nodes.length === 1 ? 'not reached, ' : `${unreached} not reached, `;
  const failed = nodes.some(hasFailed) ? 'failed, ' : '';
  return [
    { text: cut(name, width).padEnd(width), paint: unreached > 0 ? style.yellow : style.bold },
    { text: '  [' },
    { text: '#'.repeat(full), paint: style.green },
    { text: '.'.repeat(barWidth - full), paint: style.dim },
    { text: '] ' },
    { text: failed, paint: style.red },
    { text: missing, paint: style.yellow },
    { text: tallyText(tally), ...(tally.troubled > 0 ? { paint: style.red } : {}) },
  ];
}

/** The line in colours, cut to a width. */
function fitted(line: readonly Piece[], width: number): string {
  const total = line.reduce((sum, { text }) => sum + [...text].length, 0);
  let room = total <= width ? total : width - 1;
  const pieces = line.map(({ text, paint }) => {
    const letters = [...text].slice(0, room);
    room -= letters.length;
    const shown = letters.join('');
    return shown === '' || paint === undefined ? shown : paint(shown);
  });
  return `${pieces.join('')}${total > width ? '…' : ''}`;
}
