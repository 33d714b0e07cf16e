import { setTimeout as sleep } from 'node:timers/promises';
import { NoRespondersError } from 'nats';
import { type Connection, whileConnected } from './connection.js';

/** The waits before JetStream is asked once more, in milliseconds. */
const waitsMs = [5, 20, 80, 320, 640];

/**
 * Asks JetStream, and gives the outcome; an error when there is no connection, and as soon as it is lost. What nobody has
 * heard is asked again for about a second, writes too: a server that is given a new document of an account takes the imports
 * of the account away for a moment, those of JetStream among them (nats-server, `updateAccountClaimsWithRefresh`), which
 * happens with each revocation.
 */
export async function askJetStream<T>(connection: Connection, ask: () => Promise<T>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await whileConnected(connection, ask);
    } catch (thrown) {
      if (!unheard(thrown)) throw thrown;
    }
    await sleep(waitMs);
  }
  return whileConnected(connection, ask);
}

/** Whether a request met nobody: the client wraps that, once or twice. */
function unheard(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof NoRespondersError) return true;
  }
  return false;
}
