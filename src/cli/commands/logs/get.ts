import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { messagesOf } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { errorText, PosternError } from '../../../errors.js';
import type { Upload } from '../../../gen/postern/v1/logs.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { logClients } from '../../logs/clients.js';
import { listUploads } from '../../logs/list-logs.js';
import { uploadKey } from '../../logs/upload-key.js';
import { withHub } from '../../with-hub.js';

type Sink = (bytes: Uint8Array) => Promise<void>;

/** `postern logs get`. */
export async function run(invocation: Invocation): Promise<number> {
  const key = uploadKey(requiredWord(invocation, 0));
  const file = invocation.options.text('to-file');
  const { stdout } = invocation.streams;
  return withHub(invocation, async (connection) => {
    const found = await find(connection, key);
    if (file !== undefined) await intoFile(file, (sink) => fetchInto(connection, found, sink));
    else {
      await fetchInto(connection, found, async (bytes) => {
        if (stdout.write(bytes) || stdout.destroyed) return;
        await new Promise<void>((resolve) => stdout.once('drain', resolve).once('close', resolve));
      });
    }
    return 0;
  });
}

async function find(connection: HubConnection, key: string): Promise<Upload> {
  const folder = /^test-run-([^/]+)\//.exec(key)?.[1] ?? '';
  const found = (await listUploads(connection, folder)).find((one) => one.key === key);
  if (found !== undefined) return found;
  throw new PosternError('UPLOAD_UNKNOWN', `no node has brought the file ${JSON.stringify(key)}`, {
    hint: 'see what there is with `postern logs ls`',
  });
}

/** Throws `UPLOAD_DAMAGED` in the end where it is not what the node has sent. */
async function fetchInto(connection: HubConnection, { key, sha256 }: Upload, sink: Sink): Promise<void> {
  const hash = createHash('sha256');
  const stream = logClients(connection).uploads.readUpload({ key, offset: 0 }, connection.metadata());
  for await (const { data } of messagesOf<{ data: Buffer }>(stream)) {
    hash.update(data);
    await sink(data);
  }
  if (hash.digest('hex') === sha256) return;
  throw new PosternError('UPLOAD_DAMAGED', 'what came is not what the node has sent');
}

/** All of it becomes the file, or nothing does. */
async function intoFile(file: string, fetch: (sink: Sink) => Promise<void>): Promise<void> {
  const part = `${file}.part`;
  const handle = await open(part, 'w').catch((thrown: unknown) => {
    throw new PosternError('FILE_UNWRITABLE', `cannot write ${part}: ${errorText(thrown)}`, { exitCode: 2 });
  });
  try {
    await fetch(async (bytes) => {
      await handle.writeFile(bytes);
    });
    await handle.close();
    await rename(part, file);
  } catch (thrown) {
    await handle.close().catch(() => {});
    await rm(part, { force: true });
    throw thrown;
  }
}
