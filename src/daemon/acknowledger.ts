import { errorText } from '../errors.js';
import { AppMessage, AppMessage_Type } from '../gen/berty/messenger/v1/messenger.js';
import type { Logger } from '../log.js';
import type { Counts } from './counts.js';
import { cidOf, cidText } from './group/cid.js';
import type { Groups } from './group/groups.js';
import type { LiveGroup } from './group/live-group.js';
import type { StoredEntry } from './group/log-index.js';
import { decoded } from './group/metadata.js';

/** Acknowledges each user message of others when it comes, as Berty's messenger does. */
export class Acknowledger {
  readonly #groups: Groups;
  readonly #counts: Counts;
  readonly #log: Logger;

  constructor(groups: Groups, counts: Counts, log: Logger) {
    this.#groups = groups;
    this.#counts = counts;
    this.#log = log;
  }

  start(): void {
    this.#groups.onStored((group, entry) => {
      if (entry.messageKey === undefined) return;
      if (group.member?.own.device.publicKey.equals(entry.author.device)) return;
      this.#acknowledge(group, entry).catch((thrown: unknown) => {
        this.#counts.add('acknowledge_failed');
        this.#log.debug({ reason: errorText(thrown) }, 'a message is not acknowledged');
      });
    });
  }

  async #acknowledge(group: LiveGroup, entry: StoredEntry): Promise<void> {
    const read = group.member?.readMessage(entry, await group.read(entry));
    const message = read && decoded(() => AppMessage.decode(read.payload));
    if (message?.type !== AppMessage_Type.TypeUserMessage) return;
    const acknowledgement = AppMessage.fromPartial({
      type: AppMessage_Type.TypeAcknowledge,
      targetCid: cidText(cidOf(entry.hash)),
      sentDate: Date.now(),
    });
    await group.send(AppMessage.encode(acknowledgement).finish());
  }
}
