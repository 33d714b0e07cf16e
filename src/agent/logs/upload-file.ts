import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type LogAnswer, type LogPart, largestLogPart, smallestLogPart } from '../../bus/log-messages.js';
import { PosternError } from '../../errors.js';

const zip = promisify(gzip);

/** A file on its way: its bytes, whose number does not change any more. */
export interface Source {
  /** So many bytes of it there are now. */
  size(): Promise<number>;
  /** Some bytes; fewer than asked for only at the end. */
  read(at: number, length: number): Promise<Buffer>;
}

type Step = LogPart extends infer P
  ? P extends LogPart
    ? Omit<P, 'v' | 'folder' | 'name' | 'file'>
    : never
  : never;
/** Asks any hub. Rejects with `NO_ANSWER` when none answers, `BODY_TOO_LARGE` for what the bus does not carry. */
export type AskHub = (step: Step) => Promise<LogAnswer>;
type Good = Extract<LogAnswer, { ok: true }>;

/** The waits after failures: the first, doubled up to the last, milliseconds. */
const [firstRetryMs, lastRetryMs] = [100, 3_000];
/** Without any answer for so long it is given up; whoever asks again goes on where it stopped. Milliseconds. */
export const givenUpMs = 60_000;
/** How often a file that was changed while it was read is begun anew. */
const mostBeginnings = 3;

/**
 * Brings one file to the hub: asks what is there of it, and sends what is missing, each part once it is known that those
 * before it are stored. Its length is fixed at the beginning, or was by whoever began it earlier. Resolves to where it is.
 * Throws `STORE_FULL`, `UPLOAD_REFUSED`, `LOG_CHANGED`, `NO_ANSWER`, and what `source` throws.
 */
export async function uploadFile(
  source: Source,
  ask: AskHub,
  sent: (bytes: number, size: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hub = new PatientHub(ask, signal);
  for (let beginning = 0; beginning < mostBeginnings; beginning++) {
    const link = await uploadOnce(source, hub, sent);
    if (link !== undefined) return link;
  }
  throw new PosternError('LOG_CHANGED', 'the file is changed all the time while it is read');
}

/** Undefined: what was read is not what it was a moment ago. */
async function uploadOnce(
  source: Source,
  hub: PatientHub,
  sent: (bytes: number, size: number) => void,
): Promise<string | undefined> {
  const there = await hub.ask({ kind: 'ask' });
  if (there === 'changed') return undefined;
  const begun = await beginningOf(source, hub, there);
  if (begun === undefined || begun === 'changed') return undefined;
  if (begun.state === 'whole') return begun.link;
  const { size, sha256 } = begun;
  let { have } = begun;
  let partBytes = largestLogPart;
  sent(have, size);
  while (have < size) {
    const bytes = await source.read(have, Math.min(partBytes, size - have));
    if (bytes.length === 0) return undefined;
    const zipped = await zip(bytes, { level: 1 });
    const isSmaller = zipped.length < bytes.length;
    const data = (isSmaller ? zipped : bytes).toString('base64');
    const answer = await hub.ask({ kind: 'part', sha256, at: have, data, gzip: isSmaller });
    if (answer === 'changed') return undefined;
    if (answer === 'large') {
      // smaller ones for a bus that carries no larger ones
      partBytes /= 2;
      if (partBytes < smallestLogPart)
        throw new PosternError('UPLOAD_REFUSED', 'the bus carries no files: its messages are too small');
      continue;
    }
    have = answer.have;
    sent(have, size);
  }
  for (;;) {
    const answer = await hub.ask({ kind: 'end', sha256 });
    if (answer === 'changed' || answer === 'large') return undefined;
    if (answer.state === 'whole') return answer.link;
    // it has lost what it had
    if (answer.state !== 'checking') return undefined;
  }
}

/** Goes on with what was begun, where the file still begins so; else begins with what there is now. */
async function beginningOf(
  source: Source,
  hub: PatientHub,
  there: Good | 'large',
): Promise<Good | 'changed' | undefined> {
  const size = await source.size();
  if (there !== 'large' && there.state !== 'none' && there.size <= size) {
    const isWhole = there.state === 'whole';
    const same = (!isWhole || there.size === size) && (await hashOf(source, there.size)) === there.sha256;
    if (same) return there;
  }
  const sha256 = await hashOf(source, size);
  if (sha256 === undefined) return undefined;
  const begun = await hub.ask({ kind: 'begin', size, sha256 });
  return begun === 'large' ? undefined : begun;
}

/** Undefined: there are fewer bytes. */
async function hashOf(source: Source, size: number): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (let at = 0; at < size; ) {
    const bytes = await source.read(at, Math.min(1 << 20, size - at));
    if (bytes.length === 0) return undefined;
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest('hex');
}

/** Asks again until some hub answers. */
class PatientHub {
  readonly #ask: AskHub;
  readonly #signal: AbortSignal;

  constructor(ask: AskHub, signal: AbortSignal) {
    this.#ask = ask;
    this.#signal = signal;
  }

  async ask(step: Step): Promise<Good | 'changed' | 'large'> {
    const endMs = performance.now() + givenUpMs;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(lastRetryMs, retryMs * 2)) {
      if (this.#signal.aborted) throw new PosternError('UPLOAD_STOPPED', 'nobody waits for it any more');
      const answer = await this.#once(step);
      if (typeof answer === 'string') return answer;
      if ('state' in answer) return answer;
      if (performance.now() > endMs)
        throw new PosternError('NO_ANSWER', `no hub takes the file: ${answer.why}`);
      await sleep(retryMs * (0.5 + Math.random() / 2), undefined, { signal: this.#signal }).catch(() => {});
    }
  }

  async #once(step: Step): Promise<Good | 'changed' | 'large' | { why: string }> {
    let answer: LogAnswer;
    try {
      answer = await this.#ask(step);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      if (thrown.code === 'BODY_TOO_LARGE') return 'large';
      if (thrown.code === 'NO_ANSWER') return { why: thrown.message };
      throw thrown;
    }
    if (answer.ok) return answer;
    switch (answer.code) {
      case 'large':
      case 'changed':
        return answer.code;
      case 'full':
        throw new PosternError('STORE_FULL', `the hub has no room for it: ${answer.message}`);
      case 'refused':
        throw new PosternError('UPLOAD_REFUSED', `the hub does not take it: ${answer.message}`);
      default:
        return { why: answer.message };
    }
  }
}

/** A file of the disk as a source. */
export function sourceOf(file: FileHandle): Source {
  return {
    size: async () => (await file.stat()).size,
    read: async (at, length) => {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
  };
}

/** Bytes in memory as a source. */
export function sourceOfBytes(bytes: Buffer): Source {
  return {
    size: async () => bytes.length,
    read: async (at, length) => bytes.subarray(at, at + length),
  };
}
