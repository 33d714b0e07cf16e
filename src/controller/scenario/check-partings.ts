import { leastParted } from '../plan/partings.js';
import type { DraftFault, DraftRef, Findings } from './draft.js';
import type { Roster } from './roster.js';

/** What is wrong with how nodes are parted. */
export function checkParting(fault: DraftFault, roster: Roster, findings: Findings): void {
  const { parting, path } = fault;
  if (parting === undefined) return;
  const refuse = (text: string, at: DraftRef['path'] = parting.path): unknown =>
    findings.mistakes.push({ path: at, text });
  if (parting.sides !== undefined) {
    const named = fault.of !== undefined || fault.any !== undefined || fault.labels !== undefined;
    if (named) refuse('does not go with a partition that names its nodes', [...path, 'nodes']);
    checkSides(parting.sides, roster, findings, refuse);
    return;
  }
  const among = amongOf(fault, roster);
  const least = leastParted[parting.into];
  if (among !== undefined && Math.min(among.length, fault.any ?? among.length) < least) {
    refuse(`${parting.into} needs ${least} nodes: there are ${Math.min(among.length, fault.any ?? least)}`);
  }
  const { node } = parting;
  if (node === undefined || roster.known([node], findings).length === 0 || roster.broken(node.name)) return;
  const [name, ...more] = roster.names(node.name);
  if (name === undefined || more.length > 0) {
    refuse(`'${node.name}' is not one node: write one of them, such as '${name ?? node.name}'`, node.path);
  } else if (fault.any !== undefined || (among !== undefined && !among.includes(name))) {
    refuse(`'${name}' is not always one of the nodes that are parted`, node.path);
  }
}

function checkSides(
  sides: readonly (readonly DraftRef[])[],
  roster: Roster,
  findings: Findings,
  refuse: (text: string, at?: DraftRef['path']) => unknown,
): void {
  const seen = new Map<string, number>();
  for (const [side, refs] of sides.entries()) {
    if (refs.length === 0) refuse('names nobody on one side');
    for (const ref of roster.known(refs, findings)) {
      for (const name of roster.names(ref.name)) {
        if ((seen.get(name) ?? side) !== side) refuse(`'${name}' is on both sides`, ref.path);
        seen.set(name, side);
      }
    }
  }
}

/** The names of all that are parted; undefined where it cannot be known yet. */
function amongOf({ of, labels }: DraftFault, roster: Roster): readonly string[] | undefined {
  const refs = of?.map(({ name }) => name) ?? roster.entries;
  if (labels !== undefined || refs.some((ref) => roster.open(ref) || roster.names(ref).length === 0)) {
    return undefined;
  }
  return [...new Set(refs.flatMap((ref) => roster.names(ref)))];
}
