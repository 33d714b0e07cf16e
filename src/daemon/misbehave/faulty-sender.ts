import { randomBytes } from 'node:crypto';
import { AppMessage } from '../../gen/berty/messenger/v1/messenger.js';
import { cidOf, cidText } from '../group/cid.js';
import { hashOf } from '../group/entry.js';
import type { LiveGroup } from '../group/live-group.js';
import { decoded } from '../group/metadata.js';
import type { Misdeed, Plan } from './plan.js';
import type { Truth } from './truth.js';

/** Sends messages of clients; loses, doubles or corrupts those that the plan says. */
export class Sender {
  readonly #plan: Plan;
  readonly #truth: Truth;
  #sent: number;

  constructor(plan: Plan, truth: Truth) {
    this.#plan = plan;
    this.#truth = truth;
    const kinds: Misdeed[] = ['lose', 'double', 'corrupt'];
    this.#sent = Math.max(...kinds.map((each) => truth.last(each)));
  }

  /** Sends; resolves to the hash that the client is told. */
  async send(group: LiveGroup, payload: Uint8Array): Promise<Buffer> {
    this.#sent += 1;
    const n = this.#sent;
    const about = { group: group.keys.publicKey.toString('hex') };
    if (this.#plan.says('lose', n)) {
      const hash = hashOf(randomBytes(32));
      this.#truth.tell('lose', n, { ...about, id: idOf(hash) });
      return hash;
    }
    const corrupt = this.#plan.says('corrupt', n);
    const hash = await group.send(corrupt ? corrupted(payload) : payload);
    if (corrupt) this.#truth.tell('corrupt', n, { ...about, id: idOf(hash) });
    if (this.#plan.says('double', n)) {
      const again = await group.send(payload);
      this.#truth.tell('double', n, { ...about, id: idOf(hash), again: idOf(again) });
    }
    return hash;
  }
}

/** The id of an entry as clients see it. */
export function idOf(hash: Uint8Array): string {
  return cidText(cidOf(hash));
}

/** Changes one bit of the last byte of what was said, or of the file with it; the form stays right, and UTF-8 too. */
function corrupted(payload: Uint8Array): Buffer {
  const message = decoded(() => AppMessage.decode(payload));
  const [file, ...others] = message?.medias ?? [];
  if (message !== undefined && file !== undefined) {
    const medias = [{ ...file, content: flipped(file.content) }, ...others];
    return Buffer.from(AppMessage.encode({ ...message, medias }).finish());
  }
  if (message === undefined || message.payload.length === 0) return flipped(payload);
  return Buffer.from(AppMessage.encode({ ...message, payload: flipped(message.payload) }).finish());
}

function flipped(bytes: Uint8Array): Buffer {
  const changed = Buffer.from(bytes);
  const last = changed.length - 1;
  if (last >= 0) changed[last] = (changed[last] ?? 0) ^ 1;
  return changed;
}
