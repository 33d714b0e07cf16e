import { logClients } from '../../../src/cli/logs/clients.js';
import { connectHub } from '../../../src/client/hub-connection.js';
import type { UploadLogsResponse } from '../../../src/gen/postern/v1/logs.js';

/** How an upload went for whoever has asked for it. */
export interface UploadCall {
  /** What was there of the first file when it began, and when it ended, as far as it was told. */
  readonly first: number | undefined;
  readonly last: number;
  readonly done: boolean;
}

/** Asks a node to bring its logs, and tells how far it is each time that is heard. */
export async function callUpload(
  hub: { readonly address: string; readonly token: string },
  name: string,
  told: (sent: number) => void = () => {},
): Promise<UploadCall> {
  const connection = await connectHub({ ...hub, from: 'the test' }, 10_000);
  const stream = logClients(connection).logs.uploadLogs({ folder: 'f', name }, connection.metadata('cellar'));
  let first: number | undefined;
  let [last, done] = [0, false];
  try {
    const progress: AsyncIterable<UploadLogsResponse> = stream;
    for await (const { size, sent, done: over } of progress) {
      done = over;
      if (size === 0) continue;
      first ??= sent;
      last = sent;
      told(sent);
    }
  } catch {
    // it was cut off
  } finally {
    stream.cancel();
    connection.close();
  }
  return { first, last, done };
}
