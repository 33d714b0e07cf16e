import type { RunningAccounts } from '../../accounts/accounts.js';
import { startAccounts } from '../../accounts/accounts.js';
import type { AccountsConfig } from '../../accounts/config.js';
import { AssertionSigner, readAssertionKeys } from '../../auth/assertion.js';
import { loadOrCreateCallerKey } from '../../auth/caller-tokens.js';
import type { Bus } from '../../bus/bus.js';
import type { Logger } from '../../log.js';
import type { Cleanup } from '../cleanup.js';
import { keysIn } from '../keys-directory.js';
import { accountKey } from './keys.js';

/** The keys of hubs are read anew when they are older, milliseconds. */
const keysMs = 30_000;

/** Starts the account services with the keys of a data directory. */
export async function accountsWith(
  config: AccountsConfig,
  { bus, data, log, cleanup }: { bus: Bus; data: string; log: Logger; cleanup: Cleanup },
): Promise<RunningAccounts> {
  const dir = keysIn(data);
  const readKeys = async () => {
    const key = await loadOrCreateCallerKey(dir);
    return readAssertionKeys(new AssertionSigner(key).publicKeys);
  };
  let read = { keys: readKeys(), atMs: Date.now() };
  await read.keys;
  const accounts = startAccounts(config, {
    bus,
    key: await accountKey(data),
    assertionKeys: () => {
      if (Date.now() - read.atMs > keysMs) {
        const before = read.keys;
        read = { keys: readKeys().catch(() => before), atMs: Date.now() };
      }
      return read.keys;
    },
    log,
  });
  cleanup.add('the account services', () => accounts.stop());
  return accounts;
}
