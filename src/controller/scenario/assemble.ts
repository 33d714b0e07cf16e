import type { DaemonWish } from './daemon-schema.js';
import type { Draft, DraftFault, DraftGroup, DraftNode, DraftParting, DraftRef, Findings } from './draft.js';
import { pathText } from './mistake.js';
import { namesOf, type Roster } from './roster.js';
import type {
  DaemonRole,
  DaemonSetup,
  NodeEntry,
  Parting,
  ScenarioFault,
  ScenarioGroup,
} from './scenario.js';

/** The parts of a scenario that has no mistakes. */
export interface Assembled {
  readonly nodes: readonly NodeEntry[];
  readonly groups: readonly ScenarioGroup[];
  readonly faults: readonly ScenarioFault[];
}

/** Fills in what was left out. */
export function assemble(draft: Draft, roster: Roster, everyDaemon: DaemonWish): Assembled {
  return {
    nodes: draft.nodes.map((node) => entryOf(node, roster, everyDaemon)),
    groups: draft.groups.map((group) => groupOf(group, roster)),
    faults: draft.faults.map((fault) => faultOf(fault, roster)),
  };
}

function entryOf(node: DraftNode, roster: Roster, everyDaemon: DaemonWish): NodeEntry {
  return {
    entry: node.entry,
    names: namesOf(node),
    ...(node.labels === undefined ? {} : { select: { labels: node.labels, min: node.min ?? 1 } }),
    public: node.public,
    daemon: daemonOf({ ...everyDaemon, ...node.daemon }, roster),
  };
}

function daemonOf(wish: DaemonWish, roster: Roster): DaemonSetup {
  const { role = 'peer', acknowledge, min_backoff, max_backoff, idle, sync, misbehave, peers } = wish;
  const odd = Object.entries(misbehave ?? {}).filter(([, odds]) => odds !== undefined);
  const told = (of: DaemonRole, refs: readonly string[] | undefined): string[] =>
    (refs ?? roster.entriesOf(of)).flatMap((ref) => roster.names(ref));
  return {
    role,
    acknowledge,
    minBackoffMs: min_backoff,
    maxBackoffMs: max_backoff,
    idleMs: idle,
    syncMs: sync,
    misbehave: odd.length === 0 ? undefined : odd.map(([what, odds]) => `${what}=${odds}`).join(),
    peers: told('peer', peers ?? (role === 'peer' ? undefined : [])),
    rdvp: told('rdvp', wish.rdvp),
    relay: told('relay', wish.relay),
    bootstrap: told('bootstrap', wish.bootstrap),
  };
}

function groupOf({ name, members, tests }: DraftGroup, roster: Roster): ScenarioGroup {
  return {
    name,
    members: members?.map((ref) => ref.name) ?? roster.entriesOf('peer'),
    tests: tests.map(({ test, senders }) => ({
      ...test,
      ...(senders === undefined ? {} : { senders: senders.map((ref) => ref.name) }),
    })),
  };
}

function faultOf(fault: DraftFault, roster: Roster): ScenarioFault {
  const { path, kinds, of, labels, any, during, atMs, forMs = 0, everyMs, odds = 1, wish } = fault;
  const { from, ...rest } = wish;
  const parting = fault.parting === undefined ? undefined : partingOf(fault.parting);
  const named = fault.parting?.sides?.flat();
  return {
    path: pathText(path),
    kinds,
    nodes: {
      of: namesIn(named ?? of) ?? roster.entries,
      ...(labels === undefined ? {} : { labels }),
      ...(any === undefined ? {} : { any }),
    },
    during,
    atMs: atMs ?? everyMs ?? 0,
    forMs,
    ...(everyMs === undefined ? {} : { repeat: { everyMs, odds } }),
    wish: { ...rest, ...(from === undefined ? {} : { from: from.map(({ name }) => name) }) },
    ...(parting === undefined ? {} : { parting }),
  };
}

function partingOf({ into, sides, node }: DraftParting): Parting {
  const [one = [], other = []] = (sides ?? []).map((side) => side.map(({ name }) => name));
  if (into === 'one-way') return { into, from: one, to: other };
  if (into === 'halves') return { into, ...(sides === undefined ? {} : { sides: [one, other] }) };
  if (into === 'ring') return { into };
  return { into, ...(node === undefined ? {} : { node: node.name }) };
}

function namesIn(refs: readonly DraftRef[] | undefined): string[] | undefined {
  return refs?.map(({ name }) => name);
}

/** Checks whom daemons are told of. */
export function checkDaemon(
  wish: DaemonWish,
  path: readonly PropertyKey[],
  roster: Roster,
  findings: Findings,
): void {
  const lists = [
    ['peers', 'peer'],
    ['rdvp', 'rdvp'],
    ['relay', 'relay'],
    ['bootstrap', 'bootstrap'],
  ] as const;
  for (const [key, role] of lists) {
    const refs = (wish[key] ?? []).map((name) => ({ name, path: [...path, key] }));
    for (const ref of roster.known(refs, findings)) {
      const is = roster.role(ref.name);
      if (is !== role)
        findings.mistakes.push({ path: ref.path, text: `'${ref.name}' is a ${is}, no ${role}` });
    }
  }
}
