import type { Draft, DraftFault, DraftNode, Findings } from './draft.js';
import type { Path } from './mistake.js';
import { asName } from './names.js';
import { OriginalGroups } from './original-groups.js';
import { OriginalReader } from './original-reader.js';
import {
  type OriginalRole,
  originalConnection,
  originalKeys,
  originalNodes,
  originalPartKeys,
  originalRoles,
  originalRouter,
} from './original-schema.js';
import { outages } from './own-faults.js';
import type { Provider } from './scenario.js';
import { unknownKey } from './schema-mistakes.js';

/** Whether a file is written as for the tool that this form is from. */
export function isOriginalForm(file: Readonly<Record<string, unknown>>): boolean {
  return originalRoles.some((role) => Object.hasOwn(file, role));
}

/** A node list's item, read as far as it can be. */
interface Item {
  readonly role: OriginalRole;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly path: Path;
  readonly read: { name: string; amount: number; cut?: { seconds: number; odds: number } | undefined };
}

/** The parts of a file in the original's form. What has no meaning here is told as a warning. */
export function originalDraft(
  file: Readonly<Record<string, unknown>>,
  provider: Provider,
  findings: Findings,
): Draft {
  const reader = new OriginalReader(findings);
  for (const key of Object.keys(file)) {
    if (originalKeys.includes(key)) continue;
    findings.mistakes.push({ path: [key], text: unknownKey(key, originalKeys) });
  }
  for (const key of Object.keys(reader.map(file.settings, ['settings']) ?? {})) {
    findings.warnings.push({
      path: ['settings', key],
      text: originalPartKeys.settings.some((known) => known === key)
        ? 'is not used: nothing is started in a cloud'
        : `is not used: ${unknownKey(key, originalPartKeys.settings)}`,
    });
  }
  const items = originalRoles.flatMap((role) => itemsOf(role, file[role], reader));
  const used = items.filter((item) => takesPart(item, provider, findings));
  const groups = new OriginalGroups(reader);
  for (const { role, raw, path, read } of used) groups.add(role, raw.groups, [...path, 'groups'], read.name);
  return {
    nodes: used.map((item) => nodeOf(item, used, provider, reader, file)),
    groups: groups.drafts(),
    faults: used.flatMap((item) => faultOf(item, findings)),
  };
}

function itemsOf(role: OriginalRole, list: unknown, reader: OriginalReader): Item[] {
  return reader.list(list, [role]).flatMap(({ raw, path }) => {
    const read = reader.read(originalNodes, raw, path, originalPartKeys.nodes);
    const given = reader.map(raw, path);
    if (read === undefined || given === undefined) return [];
    const name = asName(read.name, 59);
    if (name === '') {
      reader.refuse([...path, 'name'], 'has no letter and no digit');
      return [];
    }
    if (name !== read.name)
      reader.warn(
        [...path, 'name'],
        `becomes '${name}', as in ${name}-1: nodes have no other characters in their names`,
      );
    return [
      { role, raw: given, path, read: { name, amount: read.amount, cut: read.reliability ?? undefined } },
    ];
  });
}

/** Nodes that are not there, and helpers that somebody else has started, are left out. */
function takesPart({ role, path, read }: Item, provider: Provider, findings: Findings): boolean {
  if (read.amount === 0) {
    findings.warnings.push({ path: [...path, 'amount'], text: 'is 0: there are no such nodes' });
    return false;
  }
  const cut = read.cut !== undefined && read.cut.seconds > 0 && read.cut.odds > 0;
  if (role === 'peer' || provider !== 'connected' || cut) return true;
  findings.warnings.push({
    path,
    text: `takes no part: with provider connected, what '${role}' lists is there already, or not at all`,
  });
  return false;
}

function nodeOf(
  item: Item,
  all: readonly Item[],
  provider: Provider,
  reader: OriginalReader,
  file: Readonly<Record<string, unknown>>,
): DraftNode {
  const { role, raw, path, read } = item;
  const own = provider !== 'connected';
  const connections = reader.list(raw.connections, [...path, 'connections']);
  if (!own && connections.length > 0)
    reader.warn([...path, 'connections'], 'is not used: with provider connected, networks are as they are');
  for (const { raw: one, path: at } of connections) {
    const connection = reader.read(originalConnection, one, at, originalPartKeys.connection);
    if (connection === undefined) continue;
    if (own && !connection.to.includes('internet'))
      reader.warn([...at, 'to'], `'${connection.to}': there is one network, in which all reach each other`);
    if (own && connection.protocol !== 'tcp')
      reader.warn([...at, 'protocol'], 'is not used: the reference daemon speaks TCP');
  }
  const told: Record<'rdvp' | 'relay' | 'bootstrap', string[]> = { rdvp: [], relay: [], bootstrap: [] };
  const routers = reader.list(raw.routers, [...path, 'routers']);
  if (!own && routers.length > 0)
    reader.warn(
      [...path, 'routers'],
      'is not used: with provider connected, daemons were told of each other before',
    );
  for (const { raw: one, path: at } of routers) {
    const router = reader.read(originalRouter, one, at, originalPartKeys.router);
    if (router === undefined) continue;
    for (const address of router.address.split(',').map((each) => each.trim())) {
      const named = all.find(
        (other) => other.role === router.type && other.read.name === asName(address, 59),
      );
      if (named !== undefined) told[router.type].push(named.read.name);
      else if (own && address.startsWith('/'))
        reader.warn([...at, 'address'], 'is not used: the reference daemon has no multiaddresses');
      else if (own && !isWritten(file[router.type], address))
        reader.refuse([...at, 'address'], `there is no ${router.type} '${address}'`);
    }
  }
  return {
    path,
    entry: read.name,
    count: read.amount,
    labels: undefined,
    min: undefined,
    // As a machine with an address of its own.
    public: provider === 'lab',
    daemon: own ? { role, ...told } : role === 'peer' ? {} : { role },
  };
}

/** Whether a list has nodes of a name, be it that they take no part or could not be read. */
function isWritten(list: unknown, name: string): boolean {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  return items.some(
    (item) =>
      typeof item === 'object' &&
      item !== null &&
      'name' in item &&
      asName(String(item.name), 59) === asName(name, 59),
  );
}

/** The documents' meaning: each SECONDS, a lot of 1 in ODDS, whether the node is cut off for SECONDS. */
function faultOf({ path, read: { name, cut } }: Item, findings: Findings): DraftFault[] {
  if (cut === undefined || (cut.seconds === 0 && cut.odds === 0)) return [];
  const at = [...path, 'reliability'];
  if (cut.seconds === 0 || cut.odds === 0) {
    findings.warnings.push({
      path: at,
      text: `'${cut.seconds},${cut.odds}' never cuts: write 0,0, or seconds and odds that are not 0`,
    });
    return [];
  }
  const of = [{ name, path: at }];
  return outages(cut, { path: at, during: 'running', of, labels: undefined, any: undefined, atMs: 0 });
}
