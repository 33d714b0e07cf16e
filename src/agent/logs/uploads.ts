import type { Bus } from '../../bus/bus.js';
import { longestLogPlace } from '../../bus/log-messages.js';
import { subjects } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { isPlainName } from './list-directory.js';
import type { LogFiles } from './log-files.js';
import { sourceOf, sourceOfBytes, uploadFile } from './upload-file.js';

/** A hub may take so long for one step, milliseconds: it looks through a whole file for four seconds at most. */
const answerTimeoutMs = 15_000;
/** More files are not brought at once. */
const mostUploaded = 1_000;
/** What the tests of the node did, beside its logs. */
export const resultsName = 'results.json';

/** How far an upload is. */
export interface UploadProgress {
  /** The file that is on its way. */
  readonly path: string;
  readonly sent: number;
  readonly size: number;
  /** Files that the hub has. */
  readonly count: number;
  readonly files: number;
}

/** Where an upload is to go. */
export interface UploadTarget {
  readonly folder: string;
  readonly name: string;
}

/** Whose files are brought. */
export interface LogUploadsOptions {
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  readonly files: LogFiles;
  /** What the tests of the node did, as JSON; absent: it has none. */
  readonly results: (() => Promise<unknown>) | undefined;
  readonly log: Logger;
}

/** Brings the log files of an agent, and the results of its tests, to any hub. */
export class LogUploads {
  readonly #options: LogUploadsOptions;
  #bus: Bus | undefined;
  /** By folder and name: who asks for what is on its way already waits for that. */
  readonly #inTurn = new Map<string, Promise<unknown>>();

  constructor(options: LogUploadsOptions) {
    this.#options = options;
  }

  /** Uses this connection from now on; undefined: there is none. */
  use(bus: Bus | undefined): void {
    this.#bus = bus;
  }

  /** Resolves to the links, by path. Throws `LOG_INVALID`, and what `uploadFile` throws, with the name of the file. */
  async upload(
    target: UploadTarget,
    tell: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<{ count: number; links: string[] }> {
    checkPlace('folder', target.folder);
    checkPlace('name', target.name);
    const key = JSON.stringify([target.folder, target.name]);
    const before = this.#inTurn.get(key);
    const work = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#upload(target, tell, signal));
    this.#inTurn.set(key, work);
    try {
      return await work;
    } finally {
      if (this.#inTurn.get(key) === work) this.#inTurn.delete(key);
    }
  }

  async #upload(
    target: UploadTarget,
    tell: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<{ count: number; links: string[] }> {
    const { files, results, log } = this.#options;
    const listed = (await files.list()).files.map(({ path }) => path);
    const told = await results?.();
    const paths =
      told === undefined ? listed : [...listed.filter((path) => path !== resultsName), resultsName];
    if (paths.length > mostUploaded) {
      throw new PosternError(
        'STORE_FULL',
        `there are ${paths.length} log files, and ${mostUploaded} are brought at once at most`,
        {
          hint: 'name fewer directories with --logs',
        },
      );
    }
    const links: string[] = [];
    for (const path of paths) {
      const sent = (bytes: number, size: number) =>
        tell({ path, sent: bytes, size, count: links.length, files: paths.length });
      sent(0, 0);
      const link =
        path === resultsName && told !== undefined
          ? await this.#send(target, path, sourceOfBytes(asText(told)), sent, signal)
          : await this.#sendFile(target, path, sent, signal);
      if (link !== undefined) links.push(link);
    }
    log.info({ ...target, count: links.length }, 'the logs were brought to the hub');
    return { count: links.length, links };
  }

  /** Undefined: it is gone meanwhile. */
  async #sendFile(
    target: UploadTarget,
    path: string,
    sent: (bytes: number, size: number) => void,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const file = await this.#options.files.open(path).catch((thrown: unknown) => {
      if (thrown instanceof PosternError && thrown.code === 'LOG_UNKNOWN') return undefined;
      throw thrown;
    });
    if (file === undefined) return undefined;
    try {
      return await this.#send(target, path, sourceOf(file), sent, signal);
    } finally {
      await file.close();
    }
  }

  async #send(
    { folder, name }: UploadTarget,
    file: string,
    source: Parameters<typeof uploadFile>[0],
    sent: (bytes: number, size: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const { node, key } = this.#options;
    try {
      return await uploadFile(
        source,
        (step) => {
          if (this.#bus === undefined) throw new PosternError('NO_ANSWER', 'there is no way to a hub now');
          const body = { v: 1, folder, name, file, ...step } as const;
          return this.#bus.request(subjects.logPart, { node, key }, body, { timeoutMs: answerTimeoutMs });
        },
        sent,
        signal,
      );
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      const { code, message, hint } = thrown;
      throw new PosternError(code, `${JSON.stringify(file)}: ${message}`, {
        ...(hint && { hint }),
        cause: thrown,
      });
    }
  }
}

/** Throws `LOG_INVALID`; what else hubs do not take, they say. */
function checkPlace(what: string, text: string): void {
  if (isPlainName(text) && text.length <= longestLogPlace) return;
  const shown = JSON.stringify(text.slice(0, 64));
  throw new PosternError(
    'LOG_INVALID',
    `the ${what} of an upload is one part of a path of at most ${longestLogPlace} characters, and not ${shown}`,
  );
}

function asText(json: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(json, undefined, 2)}\n`);
}
