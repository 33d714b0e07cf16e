import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { canonicalAddress, Networks } from '../../wire/networks.js';

/** Shorter tokens can be guessed. */
const shortestToken = 16;
/** The file is read anew when it was read so long ago, milliseconds. */
const readEveryMs = 1_000;

/** Addresses from where no token is asked, and why: the name is in the log line of each call. */
export interface LegacyGrant {
  readonly name: string;
  /** An address, or a network such as `10.1.0.0/16`. */
  readonly from: string;
}

/** Who may call where the infra server listens. */
export interface AccessOptions {
  /** File with the token; undefined: none is good. */
  readonly tokenFile: string | undefined;
  readonly grants: readonly LegacyGrant[];
  readonly log: Logger;
}

/** By what somebody was let in. */
type Admitted = 'loopback' | 'token' | { readonly grant: string };

/**
 * Lets callers of this machine in, callers with the token, and callers from the addresses of legacy grants; each call is
 * asked anew. The token's file may be replaced at any time.
 */
export class InfraAccess {
  readonly #options: AccessOptions;
  readonly #loopback = new Networks(['127.0.0.0/8', '::1']);
  readonly #grants: readonly { readonly name: string; readonly networks: Networks }[];
  #token: { readonly hash: Buffer; readonly atMs: number } | undefined;

  private constructor(options: AccessOptions) {
    this.#options = options;
    this.#grants = options.grants.map(({ name, from }) => ({ name, networks: new Networks([from]) }));
  }

  /** Throws `TOKEN_UNREADABLE` (exit status 2). */
  static async open(options: AccessOptions): Promise<InfraAccess> {
    const access = new InfraAccess(options);
    await access.#read();
    return access;
  }

  /** For the server: every call passes here first, those of health and reflection too. */
  readonly interceptor: ServerInterceptor = ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            this.#admit(call.getPeer(), metadata, path).then(
              (refusal) => {
                if (refusal === undefined) forward(metadata);
                else call.sendStatus({ ...refusal, metadata: new Metadata() });
              },
              (thrown: unknown) => {
                this.#options.log.error({ err: thrown }, 'nobody could say whether a call may pass');
                call.sendStatus({ code: status.UNAVAILABLE, details: 'try again', metadata: new Metadata() });
              },
            );
          },
        }),
    });

  async #admit(
    peer: string,
    metadata: Metadata,
    path: string,
  ): Promise<Pick<StatusObject, 'code' | 'details'> | undefined> {
    const { log } = this.#options;
    const from = addressOf(peer);
    const shown = metadata.get('authorization');
    // who calls the service needs not to know by what it let them in
    metadata.remove('authorization');
    const admitted = await this.#way(from, shown);
    if (admitted === undefined) {
      log.warn({ path, from, shown: shown.length > 0 }, 'a call of the infra server was refused');
      const details =
        shown.length > 0
          ? 'the token is not the one of this infra server'
          : `calls from ${from} need metadata authorization: Bearer TOKEN, with the token of --infra-token-file`;
      return { code: status.UNAUTHENTICATED, details };
    }
    if (typeof admitted === 'object') {
      log.info({ path, from, grant: admitted.grant }, 'infra server: a call by a legacy grant');
    } else log.debug({ path, from, by: admitted }, 'infra server: a call');
    return undefined;
  }

  async #way(from: string, shown: readonly (string | Buffer)[]): Promise<Admitted | undefined> {
    if (this.#loopback.has(from)) return 'loopback';
    const [only, ...more] = shown;
    const token = more.length === 0 ? /^Bearer +(\S+)$/i.exec(String(only ?? ''))?.[1] : undefined;
    if (token !== undefined && (await this.#isGood(token))) return 'token';
    // a wrong token is a mistake that should be seen, wherever it comes from
    if (shown.length > 0) return undefined;
    const grant = this.#grants.find(({ networks }) => networks.has(from));
    return grant === undefined ? undefined : { grant: grant.name };
  }

  async #isGood(token: string): Promise<boolean> {
    if (this.#token !== undefined && Date.now() - this.#token.atMs >= readEveryMs) {
      await this.#read().catch((thrown: unknown) => {
        this.#options.log.warn({ err: errorText(thrown) }, 'the token that was read before stays good');
      });
    }
    return this.#token !== undefined && timingSafeEqual(this.#token.hash, hashOf(token));
  }

  async #read(): Promise<void> {
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return;
    const unreadable = (why: string) =>
      new PosternError('TOKEN_UNREADABLE', `cannot use --infra-token-file ${tokenFile}: ${why}`, {
        exitCode: 2,
      });
    const text = await readFile(tokenFile, 'utf8').catch((thrown: unknown) => {
      throw unreadable(errorText(thrown));
    });
    const token = text.trim();
    if (token.length < shortestToken || /\s/.test(token)) {
      throw unreadable(`it has to hold one token, ${shortestToken} characters at least`);
    }
    this.#token = { hash: hashOf(token), atMs: Date.now() };
  }
}

/** `1.2.3.4:5`, `::1:5` as an address in the form that is compared. */
function addressOf(peer: string): string {
  const host = peer.slice(0, Math.max(0, peer.lastIndexOf(':')));
  return canonicalAddress(host) ?? peer;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
