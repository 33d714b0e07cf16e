import { printable } from '../../controller/report/terminal-text.js';
import type { FaultProgress, NodeProgress, Run, TestProgress } from '../../gen/postern/v1/runs.js';
import type { Style } from '../style.js';
import type { FaultNow, News } from './run-story.js';

/** So many names are told of those that the same happens to. */
const mostNames = 4;

/** `0:07`, `1:02:03`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** How far some tests are, together. */
export interface Tally {
  readonly sent: number;
  readonly amount: number;
  readonly received: number;
  readonly troubled: number;
}

const isOver = ({ state }: TestProgress): boolean => ['finished', 'stopped', 'failed'].includes(state);
const isControl = ({ test }: TestProgress): boolean => test.startsWith('control_');

/** How far the tests of a node are: those of the control phase until those after it are there. */
export function tallyOf(nodes: readonly NodeProgress[]): Tally {
  const tests = nodes.flatMap((node) => node.tests);
  const main = tests.filter((test) => !isControl(test));
  const meant = main.length > 0 ? main : tests;
  const sum = (of: (test: TestProgress) => number): number =>
    meant.reduce((total, test) => total + of(test), 0);
  return {
    sent: sum(({ sent }) => sent),
    amount: sum(({ amount }) => amount),
    received: sum(({ received }) => received),
    troubled: sum(({ troubled }) => troubled),
  };
}

/** True for a node whose tests have all ended, though one of them before its time. */
export function hasFailed({ tests }: NodeProgress): boolean {
  return tests.length > 0 && tests.every(isOver) && tests.some(({ state }) => state === 'failed');
}

/** `24/60 sent, 118 received, 2 troubled`. */
export function tallyText({ sent, amount, received, troubled }: Tally): string {
  const parts = [
    ...(amount > 0 ? [`${sent}/${amount} sent`] : []),
    `${received} received`,
    ...(troubled > 0 ? [`${troubled} troubled`] : []),
  ];
  return parts.join(', ');
}

/** What is new, a line each; what happens to several nodes alike is one line. */
export function newsLines(news: readonly News[], run: Run, style: Style): string[] {
  const lines = new Map<string, { atMs: number; names: string[]; text: (names: string) => string }>();
  for (const one of news) {
    const { key, name, text } = told(one, run, style);
    const line = lines.get(key) ?? { atMs: one.atMs, names: [], text };
    line.names.push(name);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ atMs, names, text }) => {
    const few = names.slice(0, mostNames).join(', ');
    const more = names.length - mostNames;
    const clock = clockText(atMs - run.startedAtMs).padStart(5);
    return `${style.dim(clock)}  ${text(more > 0 ? `${few} and ${more} more` : few)}`;
  });
}

interface Told {
  /** News with the same key make one line. */
  readonly key: string;
  readonly name: string;
  readonly text: (names: string) => string;
}

function told(news: News, run: Run, style: Style): Told {
  switch (news.kind) {
    case 'state':
      return { key: `state ${news.state} ${news.atMs}`, name: '', text: () => style.bold(news.state) };
    case 'warning':
      return {
        key: `warning ${news.text}`,
        name: '',
        text: () => `${style.yellow('warning:')} ${printable(news.text)}`,
      };
    case 'waits':
      return { key: 'waits', name: '', text: () => style.yellow(`waits: ${printable(news.text)}`) };
    case 'tally':
      return { key: 'tally', name: '', text: () => news.text };
    case 'controller':
      return {
        key: 'controller',
        name: '',
        text: () => style.yellow(`another controller has taken it over: ${printable(news.controller)}`),
      };
    case 'node':
      return {
        key: `node ${news.reached}`,
        name: news.node,
        text: (names) => (news.reached ? `reached again: ${names}` : style.yellow(`not reached: ${names}`)),
      };
    case 'fault':
      return toldFault(news, run, style);
  }
}

function toldFault({ fault, now }: News & { kind: 'fault' }, run: Run, style: Style): Told {
  const until = clockText(fault.toMs - run.startedAtMs);
  const text = {
    acting: (names: string) => style.red(`${fault.kind} on ${names}, until ${until}`),
    presumed: (names: string) => style.red(`${fault.kind} on ${names}, until ${until}, by the plan`),
    over: (names: string) => style.green(`${fault.kind} on ${names} is over`),
    odd: (names: string) => style.yellow(`${fault.kind} on ${names}: ${printable(fault.state)}`),
    coming: (names: string) => `${fault.kind} on ${names} comes`,
  } satisfies Record<FaultNow, (names: string) => string>;
  return { key: `fault ${now} ${fault.kind} ${fault.state} ${until}`, name: fault.node, text: text[now] };
}

/** `link on south and 2 more, 8 s to go`; faults that act now, by kind. */
export function actingText(
  faults: readonly { readonly fault: FaultProgress; readonly now: FaultNow }[],
  nowMs: number,
): string {
  const kinds = new Map<string, { nodes: string[]; toMs: number }>();
  for (const { fault, now } of faults) {
    if (now !== 'acting' && now !== 'presumed') continue;
    const { nodes, toMs } = kinds.get(fault.kind) ?? { nodes: [], toMs: 0 };
    kinds.set(fault.kind, { nodes: [...nodes, fault.node], toMs: Math.max(toMs, fault.toMs) });
  }
  return [...kinds]
    .map(([kind, { nodes, toMs }]) => {
      const few = nodes.slice(0, mostNames).join(', ');
      const more = nodes.length > mostNames ? ` and ${nodes.length - mostNames} more` : '';
      return `${kind} on ${few}${more}, ${clockText(toMs - nowMs)} to go`;
    })
    .join('; ');
}
