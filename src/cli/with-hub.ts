import { defaultDataDirectory } from '../client/data-directory.js';
import { connectHub, type HubConnection } from '../client/hub-connection.js';
import { findHub, type HubTarget } from '../client/hub-target.js';
import { hubChoiceOf } from './hub-choice.js';
import type { Invocation } from './invocation.js';

/** The data directory of a command that has `dataOption`. */
export function dataDirectoryOf(invocation: Invocation): string {
  return invocation.options.text('data') ?? defaultDataDirectory(invocation.env);
}

/** How long connecting may take, in milliseconds, of a command that has `connectTimeoutOption`. */
export function connectTimeoutOf(invocation: Invocation): number {
  return invocation.options.durationMs('connect-timeout') ?? 10_000;
}

/** Connects to the hub that is named, else to the one that the options of `hubOptions` name, and disconnects when `use` is over. */
export async function withHub<T>(
  invocation: Invocation,
  use: (connection: HubConnection) => Promise<T>,
  named?: HubTarget,
): Promise<T> {
  const target = named ?? (await findHub(await hubChoiceOf(invocation)));
  const connection = await connectHub(target, connectTimeoutOf(invocation));
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}
