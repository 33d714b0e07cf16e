import { type TakenToken, takeToken } from '../../auth/bearer.js';
import type { Identity } from '../../auth/identity.js';
import type { RawMetadata } from '../../rpc/call.js';
import { type DoorRefusal, tokenMissing, tokensDiffer, unverified } from './refusal.js';

/** What is asked of tokens here. */
export interface Verifier {
  verified(token: string): Identity | undefined;
  verify(token: string): Promise<Identity>;
  signed(token: string): boolean;
}

/** Who wants to know who asks. Exactly one of the two is called, once, at once or later; it must not throw. */
export interface Inquirer {
  /** `rest`: what was said, without the hub's token. Undefined: nobody has shown a good token, and none is needed. */
  identified(identity: Identity | undefined, rest: RawMetadata): void;
  unidentified(refusal: DoorRefusal): void;
}

/** Finds out who asks, whatever protocol they speak. */
export class Authentication {
  readonly #verifier: Verifier;
  /** Whether a text is a token of this hub, be it still good or not. */
  readonly isOurs = (token: string): boolean => this.#verifier.signed(token);

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
  }

  /** Who shows a token that was verified before and is still good; undefined: that has to be found out. */
  known({ token, differ }: TakenToken): Identity | undefined {
    return token === undefined || differ ? undefined : this.#verifier.verified(token);
  }

  /**
   * By the token in the metadata; at once where it was verified before.
   * @param isPublic nobody needs to show anything: what is shown and is no token of ours is the upstream's.
   * @param taken what `takeToken` makes of the metadata.
   */
  identify(
    metadata: RawMetadata,
    isPublic: boolean,
    inquirer: Inquirer,
    taken: TakenToken = takeToken(metadata, this.isOurs),
  ): void {
    const { token, differ, rest } = taken;
    if (differ) {
      inquirer.unidentified(tokensDiffer);
      return;
    }
    if (token === undefined) {
      if (isPublic) inquirer.identified(undefined, rest);
      else inquirer.unidentified(tokenMissing);
      return;
    }
    const known = this.#verifier.verified(token);
    if (known !== undefined) {
      inquirer.identified(known, rest);
      return;
    }
    this.#verifier.verify(token).then(
      (identity) => inquirer.identified(identity, rest),
      (thrown: unknown) => {
        if (!isPublic) inquirer.unidentified(unverified(thrown));
        else inquirer.identified(undefined, this.isOurs(token) ? rest : withoutHubToken(metadata));
      },
    );
  }
}

/** Without the name that is for the hub alone. */
function withoutHubToken(metadata: RawMetadata): RawMetadata {
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (name !== 'x-postern-authorization') rest.push(name, metadata[i + 1] ?? '');
  }
  return rest;
}
