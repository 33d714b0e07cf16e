import { join } from 'node:path';
import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt';
import { createAccount, createOperator, type KeyPair } from '@nats-io/nkeys';
import { PosternError } from '../errors.js';
import { loadOrCreatePrivateFile, makePrivateDirectory } from '../private-file.js';
import { readRetiredKeys } from '../retired-keys.js';
import { createUserKey, keyPairOf, seedOf } from './nkeys.js';
import { type BusIdentity, permissionsOf } from './permissions.js';
import type { BusRole } from './subjects.js';

/** What a process shows to the bus: a signed statement of who it is and what it may do, and the key to prove it. */
export interface BusCredentials {
  readonly jwt: string;
  readonly seed: string;
}

/** A new user of the bus. */
export interface MintRequest {
  readonly identity: BusIdentity;
  /** Shown in the server's logs and monitoring. */
  readonly name: string;
  /** Life of the credential in seconds, counted from now; the server cuts the connection at its end. */
  readonly ttlSeconds: number;
}

/** The documents that a NATS server needs to believe our credentials. */
export interface AuthorityDocuments {
  readonly operatorJwt: string;
  readonly systemAccount: { readonly publicKey: string; readonly jwt: string };
  readonly account: { readonly publicKey: string; readonly jwt: string };
}

/** Keys whose credentials are worthless, with the time from which on: what was made for them before it is refused. */
export type RevokedKeys = ReadonlyMap<string, number>;

/** Where servers take a new document of an account, whatever resolver they have (NATS: `$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE`). */
export function accountUpdateSubject(account: string): string {
  return `$SYS.REQ.ACCOUNT.${account}.CLAIMS.UPDATE`;
}

/** What it takes to tell NATS servers which credentials they shall not take any more. */
export interface RevocationOrder {
  /** Public key of the account, part of the subject that the servers listen at. */
  readonly account: string;
  /** The account's new document. */
  readonly accountJwt: string;
  /** A user of the system account, for a minute, that may send this and nothing else. */
  readonly credentials: BusCredentials;
  /** Where the answers may go: below it. */
  readonly inboxPrefix: string;
}

/**
 * Who makes the credentials of the bus. It trusts nobody: a NATS server that was configured with its documents lets in
 * only whom it has signed for, and each only onto the subjects that were declared for its role.
 *
 * A credential that was handed out stays good until it expires, unless the servers are told that it was revoked: they
 * forget it when they start anew, and are told again (`revokeOnServers`).
 */
export interface BusAuthority {
  /** Credentials for a key that somebody else holds. Throws `IDENTITY_INVALID` for a key that is no user nkey. */
  mint(request: MintRequest): Promise<string>;
  /** Credentials with a new key of their own, for a process of ours. */
  newUser(request: {
    role: Exclude<BusRole, 'agent'>;
    name: string;
    ttlSeconds: number;
  }): Promise<BusCredentials & { readonly identity: BusIdentity }>;
  documents(): Promise<AuthorityDocuments>;
  /** The order to take no credentials of these keys that were made before their time, in Unix milliseconds. */
  revocation(revoked: RevokedKeys): Promise<RevocationOrder>;
}

/** An absent limit is a limit of 0, so that every one is named. */
const limits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};
const userLimits = { subs: -1, data: -1, payload: -1 };
/** Life of the user that orders a revocation, in seconds. */
const orderSeconds = 60;
/** Name of the signing key's predecessors among the keys that were replaced. */
export const retiredSigning = 'signing';
const storageLimits = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/**
 * The authority whose keys lie in `directory` (`DATA/keys`); made at the first start. Every key is a file of mode 0600
 * with an nkey seed. Throws `DATA_UNUSABLE`, `KEYS_INVALID`.
 */
export async function loadOrCreateAuthority(directory: string): Promise<BusAuthority> {
  await makePrivateDirectory(directory);
  const key = async (name: string, prefix: string, create: () => KeyPair): Promise<KeyPair> => {
    const seed = await loadOrCreatePrivateFile(join(directory, name), () => seedOf(create()));
    try {
      const pair = keyPairOf(seed);
      if (pair.getPublicKey().startsWith(prefix)) return pair;
    } catch {
      // told below, for both reasons
    }
    throw new PosternError('KEYS_INVALID', `${join(directory, name)} holds no usable key`, {
      hint: 'restore it from a backup; without it, every node and hub has to enrol again under a new data directory',
    });
  };
  return createAuthority({
    retired: await readRetiredKeys(directory, retiredSigning, Date.now()),
    operator: await key('operator.nk', 'O', createOperator),
    system: await key('system.nk', 'A', createAccount),
    account: await key('account.nk', 'A', createAccount),
    signing: await key('signing.nk', 'A', createAccount),
  });
}

function createAuthority(keys: {
  /** Public keys that were replaced; what they have signed is still believed. */
  retired: readonly string[];
  operator: KeyPair;
  system: KeyPair;
  account: KeyPair;
  signing: KeyPair;
}): BusAuthority {
  const accountKey = keys.account.getPublicKey();
  const systemKey = keys.system.getPublicKey();

  async function mint({ identity, name, ttlSeconds }: MintRequest): Promise<string> {
    if (!/^U[A-Z2-7]{55}$/.test(identity.publicKey)) {
      throw new PosternError('IDENTITY_INVALID', `${JSON.stringify(identity.publicKey)} is no user key`);
    }
    const { publish, subscribe } = permissionsOf(identity);
    return encodeUser(
      name,
      identity.publicKey,
      accountKey,
      {
        pub: { allow: [...publish] },
        sub: { allow: [...subscribe] },
        ...userLimits,
        allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
      },
      { signer: keys.signing, exp: Math.ceil(Date.now() / 1000 + Math.max(1, ttlSeconds)) },
    );
  }

  const accountDocument = (revocations?: Record<string, number>): Promise<string> =>
    encodeAccount(
      'POSTERN',
      accountKey,
      {
        limits: { ...limits, ...storageLimits },
        signing_keys: [keys.signing.getPublicKey(), ...keys.retired],
        ...(revocations === undefined ? {} : { revocations }),
      },
      { signer: keys.operator },
    );

  return {
    mint,
    async newUser({ role, name, ttlSeconds }) {
      const { publicKey, seed } = createUserKey();
      const identity = { role, publicKey };
      return { identity, seed, jwt: await mint({ identity, name, ttlSeconds }) };
    },
    async documents() {
      const [operatorJwt, systemJwt, accountJwt] = await Promise.all([
        encodeOperator('postern', keys.operator, { system_account: systemKey }),
        encodeAccount('SYS', systemKey, { limits }, { signer: keys.operator }),
        accountDocument(),
      ]);
      return {
        operatorJwt,
        systemAccount: { publicKey: systemKey, jwt: systemJwt },
        account: { publicKey: accountKey, jwt: accountJwt },
      };
    },
    async revocation(revoked) {
      const { publicKey, seed } = createUserKey();
      const inboxPrefix = `_INBOX.revocation.${publicKey}`;
      // Servers compare whole seconds: what was made in the second of the revocation is of before it.
      const revocations = Object.fromEntries(
        [...revoked].map(([key, atMs]) => [key, Math.ceil(atMs / 1000)]),
      );
      const [accountJwt, jwt] = await Promise.all([
        accountDocument(revocations),
        encodeUser(
          'revocation',
          publicKey,
          systemKey,
          {
            pub: { allow: [accountUpdateSubject(accountKey)] },
            sub: { allow: [`${inboxPrefix}.>`] },
            ...userLimits,
          },
          { signer: keys.system, exp: Math.ceil(Date.now() / 1000) + orderSeconds },
        ),
      ]);
      return { account: accountKey, accountJwt, credentials: { jwt, seed }, inboxPrefix };
    },
  };
}
