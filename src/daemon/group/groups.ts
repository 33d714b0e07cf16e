import { EventEmitter } from 'node:events';
import { errorText, PosternError } from '../../errors.js';
import { type Group, GroupType } from '../../gen/weshnet/protocol/v1/types.js';
import { InTurn } from '../../in-turn.js';
import type { Logger } from '../../log.js';
import type { Counts } from '../counts.js';
import type { DurableSteps } from '../log/durable-steps.js';
import { EntryLog } from '../log/entry-log.js';
import type { GroupLimits } from './admission.js';
import { GroupFiles, type GroupRecord } from './group-file.js';
import { createGroupKeys, type GroupKeys, groupKeysOf } from './group-keys.js';
import { LiveGroup } from './live-group.js';
import type { StoredEntry } from './log-index.js';
import type { Seeds } from './own-device.js';

/** What all groups of a daemon share. */
export interface GroupsParts {
  readonly data: string;
  readonly seeds: Seeds;
  readonly limits: GroupLimits;
  readonly counts: Counts;
  readonly steps: DurableSteps;
  readonly log: Logger;
}

/** At most so many groups. */
const mostGroups = 1024;

/** A group: its record, and its log while it is active. */
export interface KnownGroup {
  readonly record: GroupRecord;
  readonly live: LiveGroup | undefined;
}

/** The groups of this daemon: which there are, and which it takes part in. */
export class Groups {
  readonly #parts: GroupsParts;
  readonly #files: GroupFiles;
  readonly #known = new Map<string, KnownGroup>();
  readonly #turns = new InTurn();
  readonly #changed = new EventEmitter<{ changed: [] }>().setMaxListeners(0);
  readonly #stored = new EventEmitter<{ stored: [LiveGroup, StoredEntry] }>().setMaxListeners(0);

  constructor(parts: GroupsParts) {
    this.#parts = parts;
    this.#files = new GroupFiles(parts.data, parts.steps);
  }

  /** Opens what was active when the daemon ended. Throws `DATA_UNUSABLE`, `LOG_DAMAGED`. */
  async start(accountGroup: GroupKeys): Promise<void> {
    for (const record of await this.#files.readAll())
      this.#known.set(idOf(record.keys), { record, live: undefined });
    if (!this.#known.has(idOf(accountGroup))) {
      await this.#add(accountGroup, GroupType.GroupTypeAccount, { active: true });
    }
    for (const { record } of [...this.#known.values()]) if (record.active) await this.#open(record);
  }

  all(): readonly KnownGroup[] {
    return [...this.#known.values()].filter(({ record }) => !record.left);
  }

  /** Groups that are active with peers. */
  shared(): LiveGroup[] {
    return this.all().flatMap(({ record, live }) => (live === undefined || record.localOnly ? [] : [live]));
  }

  /** Calls back when groups come or go; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#changed.on('changed', listener);
    return () => this.#changed.off('changed', listener);
  }

  /** Calls back with each entry that is stored in any group, from now on; returns how to stop it. */
  onStored(listener: (group: LiveGroup, entry: StoredEntry) => void): () => void {
    this.#stored.on('stored', listener);
    return () => this.#stored.off('stored', listener);
  }

  /** Throws `GROUP_UNKNOWN`. */
  get(groupPk: Uint8Array): KnownGroup {
    const found = this.#known.get(Buffer.from(groupPk).toString('hex'));
    if (found === undefined || found.record.left) {
      throw new PosternError('GROUP_UNKNOWN', 'this daemon is not in such a group', {
        hint: 'join it by an invitation first',
      });
    }
    return found;
  }

  /** Throws `GROUP_UNKNOWN`, `GROUP_INACTIVE`. */
  live(groupPk: Uint8Array): LiveGroup {
    const { live } = this.get(groupPk);
    if (live !== undefined) return live;
    throw new PosternError('GROUP_INACTIVE', 'the group is not active', { hint: 'call ActivateGroup first' });
  }

  /** Makes a group and activates it. */
  create(displayName = ''): Promise<GroupRecord> {
    return this.#turns.run(async () => {
      const record = await this.#add(createGroupKeys(), GroupType.GroupTypeMultiMember, {
        active: true,
        displayName,
      });
      await this.#open(record);
      return record;
    });
  }

  /** Becomes a member; doing so again changes nothing. Throws `GROUP_INVALID`. */
  join(group: Group, displayName = ''): Promise<GroupRecord> {
    return this.#turns.run(() => {
      if (group.groupType !== GroupType.GroupTypeMultiMember) {
        throw new PosternError('GROUP_INVALID', 'only groups of several members can be joined');
      }
      const keys = groupKeysOf(group);
      const known = this.#known.get(idOf(keys));
      const isMember = known !== undefined && known.record.keys.member !== undefined;
      if (isMember && !known.record.left) return Promise.resolve(known.record);
      return this.#add(keys, group.groupType, { displayName });
    });
  }

  /** Holds the log of a group without being a member; doing so again changes nothing. */
  hold(keys: GroupKeys): Promise<void> {
    return this.#turns.run(async () => {
      const known = this.#known.get(idOf(keys));
      if (known !== undefined && !known.record.left && known.live !== undefined) return;
      await this.#open(await this.#add(keys, GroupType.GroupTypeUndefined, { active: true }));
    });
  }

  leave(groupPk: Uint8Array): Promise<void> {
    return this.#change(groupPk, (record) => ({ ...record, active: false, left: true }));
  }

  activate(groupPk: Uint8Array, localOnly: boolean): Promise<void> {
    return this.#change(groupPk, (record) => ({ ...record, active: true, localOnly }));
  }

  deactivate(groupPk: Uint8Array): Promise<void> {
    return this.#change(groupPk, (record) => ({ ...record, active: false }));
  }

  /** Remembers that a server holds the group too. */
  addReplica(groupPk: Uint8Array, replica: GroupRecord['replicas'][number]): Promise<void> {
    return this.#change(groupPk, (record) => {
      const others = record.replicas.filter(({ address }) => address !== replica.address);
      if (others.length >= 64)
        throw new PosternError('GROUP_FULL', 'a group has at most 64 replication servers');
      return { ...record, replicas: [...others, replica] };
    });
  }

  async stop(): Promise<void> {
    await this.#turns.run(async () => {
      await Promise.all([...this.#known.values()].map(({ live }) => live?.close()));
    });
  }

  #change(groupPk: Uint8Array, change: (record: GroupRecord) => GroupRecord): Promise<void> {
    return this.#turns.run(async () => {
      const { record, live } = this.get(groupPk);
      const changed = change(record);
      await this.#files.write(changed);
      this.#known.set(idOf(changed.keys), { record: changed, live });
      if (changed.active) await this.#open(changed);
      else if (live !== undefined) {
        this.#known.set(idOf(changed.keys), { record: changed, live: undefined });
        this.#changed.emit('changed');
        await live.close();
      }
      this.#changed.emit('changed');
    });
  }

  async #add(
    keys: GroupKeys,
    groupType: Group['groupType'],
    given: { active?: boolean; displayName?: string },
  ): Promise<GroupRecord> {
    const { active = false, displayName = '' } = given;
    if (this.#known.size >= mostGroups) {
      throw new PosternError('TOO_MANY_GROUPS', `a daemon has at most ${mostGroups} groups`);
    }
    const record: GroupRecord = {
      keys,
      groupType,
      active,
      localOnly: false,
      left: false,
      displayName,
      replicas: [],
    };
    await this.#files.write(record);
    this.#known.set(idOf(keys), { record, live: this.#known.get(idOf(keys))?.live });
    return record;
  }

  async #open(record: GroupRecord): Promise<void> {
    const { data: _, steps, log, ...parts } = this.#parts;
    let { live } = this.get(record.keys.publicKey);
    if (live !== undefined && live.keys.member === undefined && record.keys.member !== undefined) {
      // Held without reading until now.
      await live.close();
      live = undefined;
    }
    if (live === undefined) {
      const opened = await LiveGroup.open({
        ...parts,
        keys: record.keys,
        now: Date.now,
        openStore: async (onEntry) => {
          const store = await EntryLog.open(this.#files.logOf(record.keys), onEntry, steps);
          parts.counts.add('torn_bytes_cut', store.cutBytes);
          if (store.cutBytes > 0)
            log.warn({ bytes: store.cutBytes }, 'cut off what a crash left half written');
          return store.log;
        },
      });
      live = opened;
      this.#keepIntroduced(opened);
    }
    this.#known.set(idOf(record.keys), { record, live });
    if (live.member !== undefined) await live.introduce();
    this.#changed.emit('changed');
  }

  /** Tells members that come how to read this device. */
  #keepIntroduced(live: LiveGroup): void {
    live.onStored((entry) => {
      this.#stored.emit('stored', live, entry);
      if (live.member?.hasDueChainKeys !== true) return;
      live.introduce().catch((thrown: unknown) => {
        this.#parts.log.error(
          { group: idOf(live.keys), reason: errorText(thrown) },
          'could not tell a member how to read this device',
        );
      });
    });
  }
}

function idOf(keys: GroupKeys): string {
  return keys.publicKey.toString('hex');
}
