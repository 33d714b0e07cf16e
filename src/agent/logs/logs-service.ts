import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../../errors.js';
import {
  type LogsServiceServer,
  type ReadLogRequest,
  type ReadLogResponse,
  ReadLogResponse_Event,
  type UploadLogsRequest,
  type UploadLogsResponse,
} from '../../gen/postern/v1/logs.js';
import type { Logger } from '../../log.js';
import { ownMethods } from '../own-method.js';
import type { LogFiles } from './log-files.js';
import { type LogEvent, readLog } from './read-log.js';
import type { LogUploads, UploadProgress } from './uploads.js';

/** gRPC status of what is thrown here, and of what an upload throws. */
export const logStatuses: Readonly<Record<string, status>> = {
  LOG_UNKNOWN: status.NOT_FOUND,
  LOG_MISSING: status.NOT_FOUND,
  LOG_UNREADABLE: status.FAILED_PRECONDITION,
  LOG_INVALID: status.INVALID_ARGUMENT,
  LOG_CHANGED: status.ABORTED,
  UPLOAD_REFUSED: status.FAILED_PRECONDITION,
  UPLOAD_STOPPED: status.CANCELLED,
  STORE_FULL: status.RESOURCE_EXHAUSTED,
  TOO_MANY_READERS: status.RESOURCE_EXHAUSTED,
  NO_ANSWER: status.UNAVAILABLE,
  BUS_FORBIDDEN: status.UNAVAILABLE,
};

const events: Readonly<Record<LogEvent, ReadLogResponse_Event>> = {
  rotated: ReadLogResponse_Event.EVENT_ROTATED,
  truncated: ReadLogResponse_Event.EVENT_TRUNCATED,
  gone: ReadLogResponse_Event.EVENT_GONE,
};

/** Readers at once: each has a file open. */
const mostReaders = 64;
/** Progress is told this often, milliseconds. */
const tellEveryMs = 250;
/** `tail_lines` is at most so much. */
const mostTailLines = 1_000_000;

/** `postern.v1.LogsService`: the log files of this node. */
export function logsService(options: {
  readonly files: LogFiles;
  readonly uploads: LogUploads;
  readonly log: Logger;
}): LogsServiceServer {
  const { files, uploads, log } = options;
  let readers = 0;
  const read = async (
    call: ServerWritableStream<ReadLogRequest, ReadLogResponse>,
    signal: AbortSignal,
  ): Promise<void> => {
    const { path, offset, tailLines, follow } = call.request;
    if (!Number.isSafeInteger(offset) || offset < 0) throw invalid('offset is no number of bytes');
    if (tailLines !== undefined && offset > 0) throw invalid('offset and tail_lines exclude each other');
    if ((tailLines ?? 0) > mostTailLines) throw invalid(`tail_lines is more than ${mostTailLines}`);
    if (readers >= mostReaders)
      throw new PosternError('TOO_MANY_READERS', `${mostReaders} read the logs of this node already`);
    readers++;
    try {
      for await (const chunk of readLog(files, path, { offset, tailLines, follow }, signal)) {
        if (signal.aborted) return;
        const event =
          chunk.event === undefined ? ReadLogResponse_Event.EVENT_UNSPECIFIED : events[chunk.event];
        await write(call, { data: chunk.data, offset: chunk.offset, event }, signal);
      }
    } finally {
      readers--;
    }
  };
  const upload = async (
    call: ServerWritableStream<UploadLogsRequest, UploadLogsResponse>,
    signal: AbortSignal,
  ): Promise<void> => {
    let toldMs = 0;
    const tell = (progress: UploadProgress) => {
      if (performance.now() - toldMs < tellEveryMs || call.writableNeedDrain) return;
      toldMs = performance.now();
      call.write({ ...progress, links: [], done: false });
    };
    const { count, links } = await uploads.upload(call.request, tell, signal);
    await write(call, { path: '', sent: 0, size: 0, count, files: count, links, done: true }, signal);
  };
  return {
    listLogs: ownMethods(
      logStatuses,
      log,
    )(async () => {
      const { files: found, leftOut } = await files.list();
      return { files: found, leftOut };
    }),
    readLog: streamed(read, log),
    uploadLogs: streamed(upload, log),
  };
}

/** A streaming method, as `ownMethods` makes unary ones. */
function streamed<Q, R>(
  work: (call: ServerWritableStream<Q, R>, signal: AbortSignal) => Promise<void>,
  log: Logger,
): (call: ServerWritableStream<Q, R>) => void {
  return (call) => {
    const given = new AbortController();
    const abort = () => given.abort();
    call.on('cancelled', abort);
    call.on('close', abort);
    work(call, given.signal).then(
      () => call.end(),
      (thrown: unknown) => {
        const code = thrown instanceof PosternError ? logStatuses[thrown.code] : undefined;
        if (code === undefined) log.error({ err: thrown }, "a method of the agent's own failed");
        const details = code === undefined ? 'the agent failed; its log says why' : errorText(thrown);
        if (!given.signal.aborted) call.emit('error', { code: code ?? status.INTERNAL, details });
      },
    );
  };
}

/** Resolves when more may be written, or nobody reads any more. */
function write<Q, R>(call: ServerWritableStream<Q, R>, message: R, signal: AbortSignal): Promise<void> {
  if (signal.aborted || call.write(message)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function invalid(message: string): PosternError {
  return new PosternError('LOG_INVALID', message);
}
