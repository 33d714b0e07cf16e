import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import { dataUnusable, readPrivateFile } from '../../private-file.js';
import { writeDurably } from '../log/durable-file.js';
import type { DurableSteps } from '../log/durable-steps.js';

const service = z.strictObject({ type: z.string(), endpoint: z.string() });
const token = z.strictObject({
  id: z.string(),
  token: z.string(),
  authenticationUrl: z.string(),
  services: z.array(service),
  /** Unix time in seconds; absent: it has no end. */
  expiresAt: z.number().optional(),
});
const file = z.strictObject({ tokens: z.array(token), autoReplicate: z.boolean() });

/** A token of a token server, and the services that it is good for. */
export type KeptToken = z.infer<typeof token>;

/** What a token server answers in the end. */
export interface Exchanged {
  readonly accessToken: string;
  readonly services: Readonly<Record<string, string>>;
  readonly error: string;
  readonly errorDescription: string;
  /** Unix time in seconds; absent: the token has no end. */
  readonly expiresAt?: number | undefined;
}

const mostTokens = 256;

/** The service tokens of this daemon. */
export class Tokens {
  readonly #path: string;
  readonly #steps: DurableSteps;
  readonly #turns = new InTurn();
  #kept: z.infer<typeof file>;

  private constructor(path: string, steps: DurableSteps, kept: z.infer<typeof file>) {
    this.#path = path;
    this.#steps = steps;
    this.#kept = kept;
  }

  /** Reads what is kept. Throws `DATA_UNUSABLE`. */
  static async load(data: string, steps: DurableSteps): Promise<Tokens> {
    const path = join(data, 'tokens.json');
    const text = await readPrivateFile(path);
    if (text === undefined) return new Tokens(path, steps, { tokens: [], autoReplicate: false });
    try {
      return new Tokens(path, steps, file.parse(JSON.parse(text)));
    } catch (cause) {
      throw dataUnusable(path, cause);
    }
  }

  all(): readonly KeptToken[] {
    return this.#kept.tokens;
  }

  /** Whether new conversations are to be held by replication servers. */
  get autoReplicate(): boolean {
    return this.#kept.autoReplicate;
  }

  setAutoReplicate(autoReplicate: boolean): Promise<void> {
    return this.#turns.run(() => this.#keep({ ...this.#kept, autoReplicate }));
  }

  /** Throws `TOKEN_UNKNOWN`. */
  get(id: string): KeptToken {
    const found = this.#kept.tokens.find((each) => each.id === id);
    if (found !== undefined) return found;
    throw new PosternError('TOKEN_UNKNOWN', `there is no token '${id}'`, {
      hint: 'ServicesTokenList tells them',
    });
  }

  /** Keeps what a token server has answered; resolves to the token's id. Throws `TOKEN_REFUSED`. */
  add(answer: Exchanged, authenticationUrl: string): Promise<string> {
    return this.#turns.run(async () => {
      if (answer.error !== '' || answer.accessToken === '') {
        const why = answer.errorDescription || answer.error || 'it has given no token';
        throw new PosternError('TOKEN_REFUSED', `the token server refuses: ${why}`);
      }
      const id = createHash('sha256').update(answer.accessToken).digest('hex').slice(0, 32);
      const services = Object.entries(answer.services).map(([type, endpoint]) => ({ type, endpoint }));
      const others = this.#kept.tokens.filter((each) => each.id !== id);
      if (others.length >= mostTokens)
        throw new PosternError('TOO_MANY_GROUPS', `at most ${mostTokens} tokens`);
      const { accessToken, expiresAt } = answer;
      const end = expiresAt === undefined ? {} : { expiresAt };
      const tokens = [...others, { id, token: accessToken, authenticationUrl, services, ...end }];
      await this.#keep({ ...this.#kept, tokens });
      return id;
    });
  }

  async #keep(kept: z.infer<typeof file>): Promise<void> {
    await writeDurably(this.#path, `${JSON.stringify(kept)}\n`, this.#steps);
    this.#kept = kept;
  }
}
