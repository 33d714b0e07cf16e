import { join } from 'node:path';
import type { AccountsConfig } from '../../accounts/config.js';
import { AssertionSigner } from '../../auth/assertion.js';
import { type CallerKey, loadOrCreateSigningKey } from '../../auth/caller-tokens.js';
import type { IssuerConfigInput } from '../../auth/issuers.js';
import { replacePrivateFile } from '../../private-file.js';
import { keysIn } from '../keys-directory.js';

/** What signs the tokens of accounts: `DATA/keys/accounts.jwk`. Throws `DATA_UNUSABLE`, `KEY_INVALID`. */
export function accountKey(data: string): Promise<CallerKey> {
  return loadOrCreateSigningKey(keysIn(data), 'accounts');
}

/** Writes the public keys beside it, and resolves to what lets a hub take the tokens of accounts, and no more than they are given. */
export async function accountIssuer(
  data: string,
  { issuer, audience, grant }: Pick<AccountsConfig, 'issuer' | 'audience' | 'grant'>,
): Promise<IssuerConfigInput> {
  const jwks = join(keysIn(data), 'accounts.jwks.json');
  await replacePrivateFile(jwks, `${new AssertionSigner(await accountKey(data)).publicKeys}\n`);
  const { roles, nodes, methods } = grant;
  return {
    issuer,
    audience,
    jwks,
    algorithms: ['EdDSA'],
    mostRoles: [...roles],
    nodes: [...nodes],
    ...(methods === undefined ? {} : { methods: [...methods] }),
  };
}
