import { crc32 } from 'node:zlib';
import { largestRecordBytes } from '../../bus/result-messages.js';
import type { JournalFile, JournalFiles } from './files.js';
import { headerBytes, scanFrames } from './frame.js';
import { damagedRecord } from './recover.js';
import { listSegments, type Segment } from './segments.js';

/** Some records in their order. */
export interface ReadBatch {
  /** The records as text. */
  readonly texts: readonly string[];
  /** Number of the last of them; of the one before the first where there are none. */
  readonly last: number;
  /** CRC-32 of the text of the last of them; 0: there are none. */
  readonly crc: number;
}

/**
 * Reads records of a journal from a number on, with one file open and one window of it in memory, beside whoever writes it.
 * Only what is safe on disk may be asked for. Not for two reads at once.
 */
export class JournalReader {
  readonly #files: JournalFiles;
  readonly #directory: string;
  #segment: (Segment & { readonly file: JournalFile }) | undefined;
  #offset = 0;
  #next = 1;
  #window: Buffer | undefined;

  constructor(files: JournalFiles, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** The next read begins with this record. */
  async seek(number: number): Promise<void> {
    await this.close();
    this.#next = number;
  }

  /** Reads on, at most so many bytes of text and records, and none behind `upTo`. */
  async read(limits: { bytes: number; records: number; upTo: number }): Promise<ReadBatch> {
    const texts: string[] = [];
    let room = limits.bytes;
    /** False when there is no room for it. */
    const take = (text: string, last: number): boolean => {
      const size = Buffer.byteLength(text) + 1;
      if (texts.length > 0 && (size > room || texts.length >= limits.records)) return false;
      room -= size;
      texts.push(text);
      this.#next = last + 1;
      return true;
    };
    const skip = (to: number): boolean => take(JSON.stringify(damagedRecord(this.#next, to)), to);

    while (this.#next <= limits.upTo && texts.length < limits.records && room > 0) {
      const segment = this.#segment ?? (await this.#enter());
      if (segment === undefined) {
        skip(limits.upTo);
        break;
      }
      if (segment.first > this.#next && !skip(Math.min(limits.upTo, segment.first - 1))) break;
      this.#window ??= Buffer.allocUnsafe(limits.bytes + headerBytes + largestRecordBytes);
      const window = this.#window;
      const got = await segment.file.read(window, this.#offset);
      let used = 0;
      const seen: { stop: 'no' | 'full' | 'beyond' } = { stop: 'no' };
      const scanned = scanFrames(window.subarray(0, got), ({ number, offset, end, body }) => {
        used = offset;
        if (number > limits.upTo) seen.stop = 'beyond';
        else if (number >= this.#next) {
          const fits = (number === this.#next || skip(number - 1)) && take(body.toString(), number);
          if (!fits) seen.stop = 'full';
          else if (number === limits.upTo) seen.stop = 'beyond';
        }
        if (seen.stop !== 'full' && number <= limits.upTo) used = end;
        return seen.stop === 'no';
      });
      // what lies behind `upTo` may be half written
      this.#offset += seen.stop === 'no' ? scanned : used;
      if (seen.stop === 'full') break;
      if (seen.stop === 'no' && (got === window.length || (await this.#leave()))) continue;
      if (this.#next <= limits.upTo && skip(limits.upTo)) await this.close();
      break;
    }
    const text = texts.at(-1);
    return { texts, last: this.#next - 1, crc: text === undefined ? 0 : crc32(text) };
  }

  async close(): Promise<void> {
    const file = this.#segment?.file;
    this.#segment = undefined;
    await file?.close();
  }

  /** Opens the segment that holds the next record, or the first behind it. */
  async #enter(): Promise<(Segment & { readonly file: JournalFile }) | undefined> {
    const segments = await listSegments(this.#files, this.#directory);
    const found = segments.findLast(({ first }) => first <= this.#next) ?? segments[0];
    return found === undefined ? undefined : this.#open(found);
  }

  /** Goes on to the next segment; false where this is the last. */
  async #leave(): Promise<boolean> {
    const present = this.#segment;
    const segments = await listSegments(this.#files, this.#directory);
    const next = segments.find(({ first }) => present !== undefined && first > present.first);
    if (next === undefined) return false;
    await this.close();
    await this.#open(next);
    return true;
  }

  async #open(segment: Segment): Promise<Segment & { readonly file: JournalFile }> {
    this.#segment = { ...segment, file: await this.#files.open(segment.path) };
    this.#offset = 0;
    return this.#segment;
  }
}
