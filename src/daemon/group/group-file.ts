import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Group } from '../../gen/weshnet/protocol/v1/types.js';
import { dataUnusable, hasErrorCode, makePrivateDirectory, readPrivateFile } from '../../private-file.js';
import { writeDurably } from '../log/durable-file.js';
import type { DurableSteps } from '../log/durable-steps.js';
import { type GroupKeys, groupKeysOf, publicKeysOf, toGroup } from './group-keys.js';

const replica = z.strictObject({ address: z.string(), token: z.string() });

const file = z.strictObject({
  /** The group as invitations tell it, base64. */
  group: z.base64(),
  active: z.boolean(),
  /** Without peers. */
  localOnly: z.boolean(),
  left: z.boolean(),
  displayName: z.string(),
  /** Servers that hold it too. */
  replicas: z.array(replica).max(64),
});

/** What is kept of a group beside its log. */
export interface GroupRecord {
  readonly keys: GroupKeys;
  readonly groupType: Group['groupType'];
  readonly active: boolean;
  readonly localOnly: boolean;
  readonly left: boolean;
  readonly displayName: string;
  readonly replicas: readonly z.infer<typeof replica>[];
}

/** The records of all groups in a data directory. */
export class GroupFiles {
  readonly #directory: string;
  readonly #steps: DurableSteps;

  constructor(data: string, steps: DurableSteps) {
    this.#directory = join(data, 'groups');
    this.#steps = steps;
  }

  logOf(keys: GroupKeys): string {
    return join(this.#directory, keys.publicKey.toString('hex'), 'entries.log');
  }

  /** Throws `DATA_UNUSABLE`. */
  async write(record: GroupRecord): Promise<void> {
    const { keys, groupType, ...rest } = record;
    const directory = join(this.#directory, keys.publicKey.toString('hex'));
    await makePrivateDirectory(directory);
    const group = Buffer.from(Group.encode(toGroup(keys, groupType)).finish()).toString('base64');
    await writeDurably(join(directory, 'group.json'), `${JSON.stringify({ group, ...rest })}\n`, this.#steps);
  }

  /** Throws `DATA_UNUSABLE`. */
  async readAll(): Promise<GroupRecord[]> {
    await makePrivateDirectory(this.#directory);
    const records: GroupRecord[] = [];
    for (const name of (await readdir(this.#directory)).sort()) {
      const path = join(this.#directory, name, 'group.json');
      const text = await readPrivateFile(path).catch((thrown: unknown) => {
        // Something that is no directory, and none of ours.
        if (thrown instanceof Error && hasErrorCode(thrown.cause, 'ENOTDIR')) return undefined;
        throw thrown;
      });
      // A directory without it was being made when the daemon ended.
      if (text !== undefined) records.push(parse(path, text));
    }
    return records;
  }
}

function parse(path: string, text: string): GroupRecord {
  try {
    const { group: encoded, ...rest } = file.parse(JSON.parse(text));
    const group = Group.decode(Buffer.from(encoded, 'base64'));
    const keys =
      group.secret.length > 0 ? groupKeysOf(group) : publicKeysOf({ ...group, groupPk: group.publicKey });
    return { keys, groupType: group.groupType, ...rest };
  } catch (cause) {
    throw dataUnusable(path, cause);
  }
}
