import type { z } from 'zod';
import { leastImageBytes } from './check-groups.js';
import type { DraftGroup, DraftRef, DraftTest } from './draft.js';
import type { Path } from './mistake.js';
import { asName, longestName } from './names.js';
import type { OriginalReader } from './original-reader.js';
import { type OriginalRole, originalGroup, originalPartKeys, originalTest } from './original-schema.js';

interface Gathered {
  readonly path: Path;
  readonly members: DraftRef[];
  readonly tests: { path: Path; read: z.output<typeof originalTest>; key: string; senders: DraftRef[] }[];
  broken: boolean;
}

/**
 * Groups as the original writes them, below the nodes that are in them. Those of one name are one group; a test that
 * several write alike, at the same place of their lists, is one test that all of them send.
 */
export class OriginalGroups {
  readonly #reader: OriginalReader;
  readonly #groups = new Map<string, Gathered>();

  constructor(reader: OriginalReader) {
    this.#reader = reader;
  }

  /** Takes the `groups` of one item of the lists of nodes. */
  add(role: OriginalRole, raw: unknown, path: Path, nodes: string): void {
    const reader = this.#reader;
    for (const { raw: one, path: at } of reader.list(raw, path)) {
      const read = reader.read(originalGroup, one, at, originalPartKeys.group);
      if (read === undefined) continue;
      if (role === 'replication') {
        reader.warn(at, 'is not used: replication servers are started, and no group is registered with them');
        continue;
      }
      if (role !== 'peer') {
        reader.refuse(at, `a ${role} has no groups: only peers and replication servers have`);
        continue;
      }
      this.#take(read.name, one, at, { name: nodes, path: at });
    }
  }

  #take(written: string, raw: unknown, path: Path, member: DraftRef): void {
    const reader = this.#reader;
    const name = asName(written, longestName);
    if (name === '') reader.refuse([...path, 'name'], 'has no letter and no digit');
    if (name !== written) reader.warn([...path, 'name'], `becomes '${name}'`);
    const group = this.#groups.get(name) ?? { path, members: [], tests: [], broken: false };
    this.#groups.set(name, group);
    group.members.push(member);
    const tests = reader.map(raw, path)?.tests;
    for (const [i, { raw: one, path: at }] of reader.list(tests, [...path, 'tests']).entries()) {
      const read = reader.read(originalTest, one, at, originalPartKeys.test);
      if (read?.type === 'media' && read.size < leastImageBytes) {
        reader.warn([...at, 'size'], `becomes ${leastImageBytes}: no image is smaller`);
        read.size = leastImageBytes;
      }
      if (read === undefined) group.broken = true;
      else {
        const key = `${i} ${JSON.stringify(read)}`;
        const same = group.tests.find((other) => other.key === key);
        if (same === undefined) group.tests.push({ path: at, read, key, senders: [member] });
        else same.senders.push(member);
      }
    }
  }

  drafts(): DraftGroup[] {
    return [...this.#groups].map(([name, { path, members, tests, broken }]) => ({
      path,
      name,
      members,
      tests: tests.map(
        ({ path: at, read, senders }, i): DraftTest => ({
          path: at,
          test: {
            name: `${read.type}-${i + 1}`,
            workload: { type: read.type },
            size: read.size,
            intervalMs: read.interval * 1_000,
            amount: read.amount,
            afterMs: 0,
          },
          senders: senders.length === members.length ? undefined : senders,
        }),
      ),
      ...(broken ? { broken: true } : {}),
    }));
  }
}
