import { join } from 'node:path';
import { lockDirectory, type Release } from '../../bus/directory-lock.js';
import { errorText, PosternError } from '../../errors.js';
import { diskFiles } from '../journal/files.js';
import { actingPages } from './acting-pages.js';
import { leftTables } from './left-tables.js';
import { checkOwnDirectory } from './own-file.js';
import type { Undo } from './undo.js';
import { UndoShelf } from './undo-shelf.js';

/** What was found of a fault on this machine, and what became of it. */
export interface Found {
  /** The node whose agent has done it; empty: nobody knows. */
  readonly node: string;
  /** The run and the fault with a dot between, or the name of a table or file. */
  readonly name: string;
  /** What was to be undone, in words. */
  readonly what: string;
  readonly became: 'undone' | 'not undone' | 'left';
  /** Why it was left or not undone, or what people should know. */
  readonly why: string;
}

/** What to heal. */
export interface HealLeftOptions {
  /** A data directory of agents. */
  readonly data: string;
  /** Only what the agent of this node has done; all nodes, and tables of nobody, where it is undefined. */
  readonly node: string | undefined;
  /** Also what an agent has done that is there. */
  readonly force: boolean;
  readonly env: NodeJS.ProcessEnv;
}

const words: Readonly<Record<Undo['do'], string>> = {
  continue: 'a paused process',
  launch: 'a daemon that was ended',
  'drop-table': 'dropped packets',
  'drop-qdisc': 'a queueing discipline',
  'link-up': 'an interface that is down',
};

/** Undoes what agents of this machine have left of faults, without them and without a hub. Throws what a data directory may refuse. */
export async function healLeft({ data, node, force, env }: HealLeftOptions): Promise<Found[]> {
  const agents = join(data, 'agent');
  const there = await diskFiles.list(agents);
  if (node !== undefined && !there.includes(node)) {
    throw new PosternError('NO_AGENT_HERE', `no agent of the node '${node}' has been in ${data}`, {
      hint: 'say with --data which data directory the agent has',
    });
  }
  const found: Found[] = [];
  const known = new Set<string>();
  for (const one of node === undefined ? there.sort() : [node]) {
    const directory = join(agents, one, 'faults');
    const strange = await ownDirectories(directory);
    if (strange !== undefined) {
      found.push({ node: one, name: directory, what: 'unknown', became: 'not undone', why: strange });
      continue;
    }
    if ((await diskFiles.list(directory)).length === 0) continue;
    const lock = await lockOf(directory);
    const mayUndo = force || lock.holder === undefined;
    try {
      const shelf = new UndoShelf(join(directory, 'undo'), '');
      const shelved = new Set((await shelf.open()).map(({ name }) => name));
      found.push(...(await healNode(one, shelf, mayUndo ? {} : lock, known)));
      if (lock.holder === undefined) continue;
      for (const { name, kind, endsAtMs } of await actingPages(directory)) {
        if (shelved.has(name)) continue;
        const what = `${kind}, by the agent itself`;
        const until = `ends by itself at ${new Date(endsAtMs).toISOString()}, or when the agent is stopped`;
        found.push({ node: one, name, what, became: 'left', why: until });
      }
    } finally {
      await lock.release();
    }
  }
  if (node === undefined) found.push(...(await removedTables(env, known)));
  return found;
}

/** Why what is here is not believed, if so; nothing is written there then. */
async function ownDirectories(directory: string): Promise<string | undefined> {
  try {
    await checkOwnDirectory(directory);
    await checkOwnDirectory(join(directory, 'undo'));
    return undefined;
  } catch (thrown) {
    return errorText(thrown);
  }
}

/** The lock of an agent's faults, or why this process does not have it. */
interface Lock {
  readonly holder?: string;
  readonly release: Release;
}

async function lockOf(directory: string): Promise<Lock> {
  try {
    return { release: await lockDirectory(join(directory, 'lock')) };
  } catch (thrown) {
    if (!(thrown instanceof PosternError) || thrown.code !== 'DATA_IN_USE') throw thrown;
    return { release: async () => {}, holder: `its agent is there, and undoes it itself: ${thrown.message}` };
  }
}

/** `known` comes to hold the tables of agents that are there. */
async function healNode(
  node: string,
  shelf: UndoShelf,
  { holder }: Pick<Lock, 'holder'>,
  known: Set<string>,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const { name, intent } of await shelf.open()) {
    const { undo } = intent;
    const one = { node, name, what: words[undo.do] };
    if (holder === undefined) {
      found.push(await undone(shelf, one));
      continue;
    }
    found.push({ ...one, became: 'left', why: holder });
    if (undo.do === 'drop-table') known.add(undo.table);
  }
  for (const { file, why } of await shelf.unreadable()) {
    const told = `${why}; look what it was to undo, and remove it`;
    found.push({ node, name: file, what: 'unknown', became: 'not undone', why: told });
  }
  return found;
}

async function undone(shelf: UndoShelf, one: Pick<Found, 'node' | 'name' | 'what'>): Promise<Found> {
  try {
    const healed = await shelf.undo(one.name);
    return { ...one, became: 'undone', why: healed?.message ?? '' };
  } catch (thrown) {
    return { ...one, became: 'not undone', why: errorText(thrown) };
  }
}

async function removedTables(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): Promise<Found[]> {
  const found: Found[] = [];
  for (const { table, acts, remove } of await leftTables(env, known)) {
    const one = { node: '', name: table, what: 'a table of nftables' };
    if (acts) {
      const why = 'it acts: an agent with another data directory renews it, or it ends by itself within 15 s';
      found.push({ ...one, became: 'left', why });
      continue;
    }
    found.push(
      await remove().then(
        () => ({ ...one, became: 'undone' as const, why: '' }),
        (thrown: unknown) => ({ ...one, became: 'not undone' as const, why: errorText(thrown) }),
      ),
    );
  }
  return found;
}
