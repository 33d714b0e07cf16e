import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { BusAuthority, BusCredentials } from './authority.js';
import type { Stop } from './bus.js';
import { createUserKey } from './nkeys.js';
import type { BusIdentity } from './permissions.js';

/** So much of a credential's life passes before it is renewed. */
const renewAfter = 0.7;
/** A renewal that failed is tried again after this time. */
const retryMs = 5000;

/** The longest wait that a timer can hold, in milliseconds; a longer life is renewed earlier. */
const longestTimerMs = 2 ** 31 - 1;

/** Credentials of a process that holds the authority itself, always fresh. */
export interface OwnCredentials {
  readonly identity: BusIdentity;
  readonly credentials: () => BusCredentials;
  /** No more renewals. */
  readonly stop: Stop;
}

/** Makes a user with a new key and renews its credential at 70 % of its life, until stopped. */
export async function keepCredentials(
  authority: BusAuthority,
  options: { role: 'hub' | 'watcher' | 'tracer'; name: string; ttlSeconds: number; log: Logger },
): Promise<OwnCredentials> {
  const { role, name, ttlSeconds, log } = options;
  const { publicKey, seed } = createUserKey();
  const identity = { role, publicKey };
  const mint = (): Promise<string> => authority.mint({ identity, name, ttlSeconds });
  let current: BusCredentials = { jwt: await mint(), seed };
  let timer: NodeJS.Timeout;
  const renewIn = (waitMs: number): void => {
    timer = setTimeout(
      () => {
        mint().then(
          (jwt) => {
            current = { jwt, seed };
            renewIn(ttlSeconds * 1000 * renewAfter);
          },
          (thrown: unknown) => {
            log.error(`cannot renew our credentials for the bus: ${errorText(thrown)}`);
            renewIn(retryMs);
          },
        );
      },
      Math.min(waitMs, longestTimerMs),
    ).unref();
  };
  renewIn(ttlSeconds * 1000 * renewAfter);
  return { identity, credentials: () => current, stop: () => clearTimeout(timer) };
}
