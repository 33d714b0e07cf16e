import { type handleServerStreamingCall, status } from '@grpc/grpc-js';
import type { ShelfEntry } from '../../bus/shelf.js';
import { PosternError } from '../../errors.js';
import {
  type ReadUploadRequest,
  type ReadUploadResponse,
  type Upload,
  type UploadsServiceServer,
  UploadsServiceService,
} from '../../gen/postern/v1/logs.js';
import type { Logger } from '../../log.js';
import { type OwnService, type Visitor, visitorOf } from '../../own-service.js';
import { serviceError } from '../own-calls.js';
import { folderPrefix } from './keys.js';
import type { Ledger } from './ledger.js';

/** More are not listed at once. */
const mostListed = 10_000;
/** One message of a file holds at most this many bytes. */
const messageBytes = 256 * 1024;

/** `postern.v1.UploadsService`: the files that agents have brought. */
export function uploadsService(options: {
  readonly ledger: Pick<Ledger, 'all' | 'readable'>;
  readonly link: (key: string, entry: ShelfEntry) => string;
  readonly read: (key: string, entry: ShelfEntry, from: number) => AsyncGenerator<Uint8Array>;
  readonly log: Logger;
}): OwnService {
  const { ledger, link, read, log } = options;
  const list = (visitor: Visitor | undefined, folder: string): Upload[] => {
    const prefix = folder === '' ? '' : folderPrefix(folder);
    const files: Upload[] = [];
    for (const [key] of ledger.all()) {
      const entry = ledger.readable(key);
      if (entry === undefined || !key.startsWith(prefix) || visitor?.covers(entry.node) !== true) continue;
      const { node, size, sha256, atMs } = entry;
      files.push({ key, node, size, sha256, atMs, link: link(key, entry) });
    }
    return files.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, mostListed);
  };
  const implementation: UploadsServiceServer = {
    listUploads: (call, callback) => {
      callback(null, { files: list(visitorOf(call.metadata), call.request.folder) });
    },
    readUpload: (call) => {
      give(call).catch((thrown: unknown) => {
        if (!call.cancelled && !call.destroyed) call.emit('error', failure(thrown, log));
      });
    },
  };
  const give = async (
    call: Parameters<handleServerStreamingCall<ReadUploadRequest, ReadUploadResponse>>[0],
  ) => {
    const { key, offset } = call.request;
    const entry = ledger.readable(key);
    const visitor = visitorOf(call.metadata);
    if (entry === undefined || visitor?.covers(entry.node) !== true) {
      throw new PosternError('UPLOAD_UNKNOWN', `there is no file ${JSON.stringify(key.slice(0, 256))}`);
    }
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > entry.size) {
      throw new PosternError('INVALID_ARGUMENT', `offset: the file has ${entry.size} bytes`);
    }
    for await (const bytes of read(key, entry, offset)) {
      for (let at = 0; at < bytes.length; at += messageBytes) {
        if (call.cancelled || visitor.ended()) return;
        const data = Buffer.from(bytes.subarray(at, at + messageBytes));
        if (!call.write({ data })) await drained(call);
      }
    }
    call.end();
  };
  return {
    name: 'postern.v1.UploadsService',
    definition: UploadsServiceService,
    implementation,
    access: { roles: () => ['call'] },
  };
}

function failure(thrown: unknown, log: Logger) {
  if (thrown instanceof PosternError && thrown.code === 'UPLOAD_UNKNOWN') {
    return { code: status.NOT_FOUND, details: thrown.message };
  }
  if (thrown instanceof PosternError && thrown.code === 'STORE_LOST') {
    return { code: status.DATA_LOSS, details: thrown.message };
  }
  return serviceError(thrown, log);
}

function drained(call: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'cancelled', 'close']) call.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'cancelled', 'close']) call.once(event, done);
  });
}
