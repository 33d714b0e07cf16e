import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { TestsWork } from '../tests/tests-work.js';
import type { Acquaint } from './acquaintance.js';
import { checkGroupName, type InfraBook } from './book.js';
import { wordFor } from './names.js';
import { Turns } from './turns.js';

/** Groups that were made for controllers of before stand under this run. */
const run = 'infra';

/** What groups need. */
export interface InfraGroupsOptions {
  readonly work: Pick<TestsWork, 'createGroup' | 'createInvite' | 'joinGroup'>;
  readonly book: InfraBook;
  /** Key of the group that an invitation leads to. Throws `INVITE_INVALID`. */
  readonly invited: (invite: Uint8Array) => string;
  readonly acquaint: Acquaint;
  /** Whether a test of the group runs. */
  readonly isBusy: (group: string, signal: AbortSignal) => Promise<boolean>;
  /** The group has lost its name: nothing more is to be received in it. */
  readonly left: (group: string, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** Groups by the names that controllers of before give them; any text is one. */
export class InfraGroups {
  readonly #options: InfraGroupsOptions;
  readonly #turns = new Turns();

  constructor(options: InfraGroupsOptions) {
    this.#options = options;
  }

  /** Key of the group of this name. Throws `NOT_IN_GROUP`. */
  key(name: string): string {
    const group = this.#options.book.group(name);
    if (group !== undefined) return group;
    throw new PosternError(
      'NOT_IN_GROUP',
      `peer not in group: this node has no group ${JSON.stringify(name)}`,
      { hint: 'call CreateInvite or JoinGroup first' },
    );
  }

  /** An invitation into the group of this name, which is made where there is none. Throws as `TestsWork` does. */
  async invite(name: string, signal: AbortSignal): Promise<Uint8Array> {
    checkGroupName(name);
    const { work, book } = this.#options;
    return this.#turns.run(name, async () => {
      let group = book.group(name);
      if (group === undefined) {
        ({ group } = await work.createGroup({ name: wordFor(name), command: { run, term: 0 } }, signal));
        await book.name(name, group);
      }
      const { invite } = await work.createInvite({ group, name, command: undefined }, signal);
      return invite;
    });
  }

  /**
   * Joins a group and names it; one that had the name before loses it, unless a test of it runs. Throws `IN_GROUP` then,
   * and as `TestsWork` does.
   */
  async join(name: string, invite: Buffer, signal: AbortSignal): Promise<void> {
    checkGroupName(name);
    const { work, book, invited, acquaint, isBusy, left, log } = this.#options;
    await this.#turns.run(name, async () => {
      const before = book.group(name);
      const isOther = before !== undefined && before !== invited(invite);
      if (isOther && (await isBusy(before, signal))) {
        throw new PosternError(
          'IN_GROUP',
          `peer already in group: ${JSON.stringify(name)} is another group here, and a test of it runs`,
          { hint: 'stop its tests, or use another name' },
        );
      }
      const { group } = await work.joinGroup({ invite, command: undefined }, signal);
      if (isOther) {
        log.warn({ name, before, group }, 'the name of a group is another group from now on');
        await left(before, signal);
      }
      await book.name(name, group);
      if (before !== group) await acquaint(group, 1, signal);
    });
  }
}
