import type { Draft, DraftGroup, DraftTest, Findings } from './draft.js';
import { plainName } from './names.js';
import { durationText } from './quantities.js';
import type { Roster } from './roster.js';
import { longestMs } from './scenario.js';

/** Smallest image that nodes can send, bytes. */
export const leastImageBytes = 512;

/** What is wrong with the groups and their tests. */
export function checkGroups({ groups }: Draft, roster: Roster, findings: Findings): void {
  for (const group of groups) checkGroup(group, roster, findings);
}

function checkGroup(group: DraftGroup, roster: Roster, findings: Findings): void {
  const { path, name, tests, broken } = group;
  const refuse = (text: string): unknown => findings.mistakes.push({ path, text });
  checkName(name, path, findings);
  const given = group.members ?? roster.entriesOf('peer').map((entry) => ({ name: entry, path }));
  const members = roster.known(given, findings);
  for (const { name: member, path: at } of members) {
    const role = roster.role(member);
    if (role !== 'peer') {
      findings.mistakes.push({
        path: at,
        text: `'${member}' is a ${role}: only peers are members of groups`,
      });
    }
  }
  if (tests.length === 0 && broken !== true) refuse('sends nothing: it needs a test');
  const names = new Set(members.flatMap((ref) => roster.names(ref.name)));
  const open = members.some((ref) => roster.open(ref.name)) || members.length < given.length;
  if (names.size === 0 && !open) refuse('has no members');
  const sendsMessages = tests.some(({ test }) => test.workload.type !== 'call');
  if (names.size === 1 && !open && sendsMessages)
    refuse(`has one member, '${[...names].join()}': nobody receives what it sends`);
  for (const test of tests) {
    checkTest(test, findings);
    const senders = roster.known(test.senders ?? [], findings);
    if (test.senders?.length === 0) {
      findings.mistakes.push({ path: [...test.path, 'senders'], text: 'names nobody: leave it out for all' });
    }
    for (const sender of senders) {
      const missing = roster.names(sender.name).filter((one) => !names.has(one));
      const member = members.some((one) => one.name === sender.name);
      if (member || roster.broken(sender.name)) continue;
      if (missing.length === 0 && !roster.open(sender.name)) continue;
      findings.mistakes.push({
        path: sender.path,
        text: `'${sender.name}' is no member of the group '${name}'`,
      });
    }
  }
}

function checkTest({ path, test }: DraftTest, findings: Findings): void {
  checkName(test.name, path, findings);
  const { amount, intervalMs, afterMs, workload } = test;
  const lasts = afterMs + (amount - 1) * intervalMs;
  if (lasts > longestMs) {
    findings.mistakes.push({
      path: [...path, 'amount'],
      text: `${amount} messages, one every ${durationText(intervalMs)}, take ${durationText(lasts)}: at most ${durationText(longestMs)} is possible`,
    });
  }
  if (workload.type === 'media') {
    findings.warnings.push({
      path: [...path, 'type'],
      text: "media: only daemons that know files take this test, such as Berty's up to v2.434.7; others refuse it",
    });
    if (test.size < leastImageBytes) {
      findings.mistakes.push({
        path: [...path, 'size'],
        text: `an image has at least ${leastImageBytes} bytes`,
      });
    }
  }
}

function checkName(name: string, path: Draft['groups'][number]['path'], findings: Findings): void {
  const read = plainName.safeParse(name);
  if (!read.success) findings.mistakes.push({ path, text: read.error.issues[0]?.message ?? 'is no name' });
}

/** When the last message of all tests is due, milliseconds from T0. */
export function lastSendMs(groups: readonly DraftGroup[]): number {
  return Math.max(
    0,
    ...groups.flatMap(({ tests }) =>
      tests.map(({ test }) => test.afterMs + (test.amount - 1) * test.intervalMs),
    ),
  );
}
