import { parseSelector } from '../../auth/node-patterns.js';
import { checkActs } from './check-acts.js';
import { lastSendMs } from './check-groups.js';
import { checkParting } from './check-partings.js';
import type { Draft, DraftFault, Findings } from './draft.js';
import { checkMeetings } from './meetings.js';
import type { Mistake } from './mistake.js';
import { durationText } from './quantities.js';
import type { Roster } from './roster.js';
import { longestFaultMs, longestMs, mostFaultsPerNode, type Provider } from './scenario.js';

/** Most lots that a node draws for one rule. */
export const mostLots = 10_000;
/** Shortest disturbance that can be made and told, milliseconds. */
const shortestMs = 100;

/** What faults are checked against. */
export interface FaultChecking {
  readonly roster: Roster;
  readonly provider: Provider;
  /** Where faults go that need the same thing at the same time. */
  readonly clashes: Mistake[];
}

/** What is wrong with the faults, each for itself and where two meet. */
export function checkFaults(
  { faults, groups }: Draft,
  { roster, provider, clashes }: FaultChecking,
  findings: Findings,
): void {
  const endMs = lastSendMs(groups);
  const whole = groups.length > 0 && groups.every(({ broken }) => broken !== true) && endMs <= longestMs;
  for (const fault of faults) {
    checkTimes(fault, findings);
    checkPhase(fault, findings);
    checkActs(fault, provider, findings);
    checkLabels(fault, provider, findings);
    checkNodes(fault, roster, findings);
    checkFrom(fault, roster, findings);
    checkParting(fault, roster, findings);
    if (whole && fault.during === 'running') checkEnd(fault, endMs, findings);
  }
  checkMeetings(faults, roster, findings, clashes);
}

function checkTimes(fault: DraftFault, findings: Findings): void {
  const { path, kinds, forMs, everyMs, odds } = fault;
  const refuse = (key: string, text: string): unknown =>
    findings.mistakes.push({ path: [...path, key], text });
  const held = kinds.filter((kind) => kind !== 'restart');
  if (forMs === undefined) {
    if (held.length > 0) refuse('for', 'is missing: how long, such as 10s');
  } else if (held.length === 0) {
    if (forMs > 0) refuse('for', 'a restart takes no time: use kill for a daemon that is away for a while');
  } else if (forMs < shortestMs) {
    refuse('for', `must be at least ${durationText(shortestMs)}, for ${held.join(' and ')}`);
  } else if (forMs > longestFaultMs) {
    refuse('for', `must be at most ${durationText(longestFaultMs)}: no node disturbs itself for longer`);
  }
  if (everyMs === undefined) {
    if (odds !== undefined) refuse('odds', 'goes with every: a lot is drawn each time');
  } else if (forMs !== undefined && forMs > everyMs) {
    refuse(
      'for',
      `is longer than every (${durationText(everyMs)}): the next would begin before this one ends`,
    );
  }
}

function checkPhase({ path, during, everyMs }: DraftFault, findings: Findings): void {
  if (everyMs === undefined || during === 'running') return;
  const text = `goes with during: running: while ${during === 'joining' ? 'nodes join' : 'what was sent arrives'}, each comes once`;
  findings.mistakes.push({ path: [...path, 'every'], text });
}

function checkLabels({ path, labels }: DraftFault, provider: Provider, findings: Findings): void {
  if (labels === undefined) return;
  const refuse = (text: string): unknown =>
    findings.mistakes.push({ path: [...path, 'nodes', 'labels'], text });
  if (provider !== 'connected')
    refuse(`are those of nodes that are connected: with provider ${provider}, write their names`);
  if (labels === '' || parseSelector(labels) === undefined)
    refuse("are none: write {site: attic}, or a selector such as 'site=attic,!gpu'");
}

/** A node is not disturbed towards itself: somebody else there must be for one of them. */
function checkFrom({ path, of, labels, wish }: DraftFault, roster: Roster, findings: Findings): void {
  if (wish.from === undefined) return;
  const refuse = (text: string): unknown => findings.mistakes.push({ path: [...path, 'from'], text });
  if (wish.from.length === 0) refuse('names nobody: leave it out for all');
  const from = roster.known(wish.from, findings);
  const refs = [...(of?.map(({ name }) => name) ?? roster.entries), ...from.map(({ name }) => name)];
  if (labels !== undefined || from.length === 0 || refs.some((ref) => roster.open(ref))) return;
  const names = new Set(refs.flatMap((ref) => roster.names(ref)));
  if (names.size === 1) refuse('is the node itself: towards itself, no node is disturbed');
}

function checkNodes({ path, of, any }: DraftFault, roster: Roster, findings: Findings): void {
  if (of?.length === 0)
    findings.mistakes.push({ path: [...path, 'nodes'], text: 'names nobody: leave it out for all' });
  const refs = of === undefined ? roster.entries : roster.known(of, findings).map(({ name }) => name);
  if (any === undefined || refs.some((ref) => roster.open(ref)) || refs.length < (of?.length ?? 0)) return;
  const names = new Set(refs.flatMap((ref) => roster.names(ref)));
  if (any > names.size) {
    findings.mistakes.push({ path: [...path, 'nodes', 'any'], text: `is ${any}, of ${names.size} nodes` });
  }
}

function checkEnd({ path, atMs, everyMs, odds }: DraftFault, endMs: number, findings: Findings): void {
  const firstMs = atMs ?? everyMs ?? 0;
  if (firstMs > endMs) {
    findings.warnings.push({
      path: [...path, atMs === undefined && everyMs !== undefined ? 'every' : 'at'],
      text:
        everyMs === undefined
          ? `begins after the last message is sent, at ${durationText(endMs)}: it disturbs nothing but what is late`
          : `never happens: the last message is sent at ${durationText(endMs)}`,
    });
    return;
  }
  if (everyMs === undefined) return;
  const lots = Math.floor((endMs - firstMs) / everyMs) + 1;
  const most = odds === undefined || odds === 1 ? mostFaultsPerNode : mostLots;
  if (lots > most) {
    findings.mistakes.push({
      path: [...path, 'every'],
      text: `makes ${lots} ${most === mostLots ? 'lots' : 'faults'} until the last message at ${durationText(endMs)}: at most ${most} of a node`,
    });
  }
}
