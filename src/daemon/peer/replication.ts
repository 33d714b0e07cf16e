import { createHash, timingSafeEqual } from 'node:crypto';
import { replicationScope, type ServiceKeys, verifyServiceToken } from '../../auth/service-tokens.js';
import { errorText, PosternError } from '../../errors.js';
import type { PeerReplicate, PeerReplicated } from '../../gen/postern/daemon/v1/peer.js';
import { type GroupKeys, publicKeysOf } from '../group/group-keys.js';
import type { Session } from './session.js';

/** So long a replication server may take to answer, in milliseconds. */
const answerMs = 10_000;

/** Takes groups that others want to be held here. */
export class ReplicationServer {
  readonly #tokens: readonly Buffer[];
  readonly #keys: readonly ServiceKeys[];
  readonly #hold: (keys: GroupKeys) => Promise<void>;

  /**
   * Whoever shows one of the tokens, or one for replication that a token server has signed with one of the keys, may have
   * groups held.
   */
  constructor(
    { tokens, keys }: { readonly tokens: readonly string[]; readonly keys: readonly ServiceKeys[] },
    hold: (keys: GroupKeys) => Promise<void>,
  ) {
    this.#tokens = tokens.map(digest);
    this.#keys = keys;
    this.#hold = hold;
  }

  async heard(session: Session, wanted: PeerReplicate): Promise<void> {
    let error = '';
    try {
      await this.#admit(wanted.token);
      await this.#hold(publicKeysOf(wanted));
    } catch (thrown) {
      error = errorText(thrown);
    }
    session.link.send({ $case: 'replicated', value: { request: wanted.request, error } });
  }

  /** Throws `TOKEN_REFUSED`. */
  async #admit(token: string): Promise<void> {
    const shown = digest(token);
    if (this.#tokens.some((each) => timingSafeEqual(each, shown))) return;
    // two dots make a JWT
    if (this.#keys.length > 0 && token.split('.', 4).length === 3) {
      await verifyServiceToken(token, { keys: this.#keys, scope: replicationScope });
      return;
    }
    throw new PosternError('TOKEN_REFUSED', 'the token is not one that this server takes');
  }
}

/** Asks others to hold groups. */
export class ReplicationClient {
  readonly #waiting = new Map<number, (answer: PeerReplicated) => void>();
  #last = 0;

  /** Resolves when the server holds the group. Throws `REPLICATION_REFUSED`, or `REPLICATION_DENIED` where the server says no. */
  async ask(
    session: Session,
    { publicKey, signPub, linkKey, linkKeySig }: GroupKeys,
    token: string,
  ): Promise<void> {
    if (session.link.remote.role !== 'replication') {
      throw new PosternError('REPLICATION_REFUSED', `${session.link.address} is no replication server`);
    }
    this.#last = (this.#last + 1) % 2 ** 31;
    const request = this.#last;
    const answer = new Promise<PeerReplicated>((resolve, reject) => {
      const fail = (why: string): void => reject(new PosternError('REPLICATION_REFUSED', why));
      const timer = setTimeout(() => fail('the replication server does not answer'), answerMs);
      void session.link.closed.then((why) => {
        clearTimeout(timer);
        fail(`the replication server is gone: ${why}`);
      });
      this.#waiting.set(request, (said) => {
        clearTimeout(timer);
        resolve(said);
      });
    });
    session.link.send({
      $case: 'replicate',
      value: { request, token, groupPk: publicKey, signPub, linkKey, linkKeySig },
    });
    try {
      const { error } = await answer;
      if (error !== '')
        throw new PosternError('REPLICATION_DENIED', `the replication server refuses: ${error}`);
    } finally {
      this.#waiting.delete(request);
    }
  }

  heard(answer: PeerReplicated): void {
    this.#waiting.get(answer.request)?.(answer);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
