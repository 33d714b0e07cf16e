import { PosternError } from '../../errors.js';
import {
  type FileScenario,
  isObject,
  type JsonObject,
  longestFile,
  longestLine,
  mostActors,
  mostTransitions,
  type RunFile,
  type RunFileHeader,
  runFileFormat,
  runFileVersion,
} from './format.js';

const feed = 0x0a;

/**
 * Reads a file of a run, part by part as it comes. It holds what the file says and no more than `longestFile` of it. What is
 * wrong throws `RUN_FILE_INVALID` with file and line.
 */
export class RunFileReader {
  readonly #name: string;
  #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Parts of the line that has not ended yet. */
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #bytes = 0;
  #line = 0;
  #header: RunFileHeader | undefined;
  #run: JsonObject | undefined;
  #scenario: FileScenario | undefined;
  #report: JsonObject | undefined;
  readonly #definitions: JsonObject[] = [];
  readonly #actors: JsonObject[] = [];
  readonly #transitions: JsonObject[] = [];
  #ended = false;

  /** @param name of the file, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the next bytes, unpacked. */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > longestFile) this.#refuse(`the file is longer than ${longestFile / 1024 ** 2} MiB`);
    let from = 0;
    for (let to = bytes.indexOf(feed); to >= 0; to = bytes.indexOf(feed, from)) {
      this.#hold(bytes.subarray(from, to));
      this.#take();
      from = to + 1;
    }
    this.#hold(bytes.subarray(from));
  }

  /** Nothing more comes: what the file says. */
  end(): RunFile {
    if (this.#restBytes > 0) this.#take();
    if (this.#header === undefined) this.#refuse('the file is empty');
    if (!this.#ended) {
      this.#refuse('the file ends before its last line: it was cut off', 'export the run again');
    }
    if (this.#run === undefined) this.#refuse('the file does not say what became of the run');
    return {
      header: this.#header,
      run: this.#run,
      scenario: this.#scenario,
      report: this.#report,
      definitions: this.#definitions,
      actors: this.#actors,
      transitions: this.#transitions,
    };
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#restBytes += part.length;
    if (this.#restBytes > longestLine) {
      this.#line += 1;
      this.#refuse(`the line is longer than ${longestLine / 1024 ** 2} MiB`);
    }
    this.#rest.push(part.slice());
  }

  #take(): void {
    this.#line += 1;
    const value = this.#json(this.#text());
    if (this.#header === undefined) this.#header = this.#headerOf(value);
    else if (this.#ended) this.#refuse('something stands behind the last line');
    else this.#keep(value);
  }

  #text(): string {
    const parts = this.#rest;
    this.#rest = [];
    this.#restBytes = 0;
    try {
      return (
        parts.map((part) => this.#decoder.decode(part, { stream: true })).join('') + this.#decoder.decode()
      );
    } catch {
      return this.#refuse('it is no text in UTF-8', 'is it such a file at all?');
    }
  }

  #json(text: string): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#refuse(
        'it is no JSON',
        this.#line === 1 ? 'make one with `postern runs export RUN`' : 'was the file cut off or changed?',
      );
    }
    return isObject(value) ? value : this.#refuse('it is no object of JSON');
  }

  #headerOf({ format, version, run, scenario, exportedAtMs }: JsonObject): RunFileHeader {
    if (format !== runFileFormat) {
      this.#refuse('it is no file of a run', 'make one with `postern runs export RUN`');
    }
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
      this.#refuse('it does not say its version');
    }
    if (version > runFileVersion) {
      this.#refuse(
        `it is of version ${version}, and up to ${runFileVersion} can be read here`,
        'open it with a newer postern',
      );
    }
    if (typeof run !== 'string' || typeof scenario !== 'string' || typeof exportedAtMs !== 'number') {
      this.#refuse('it does not say of which run it is, and from when');
    }
    return { format, version, run, scenario, exportedAtMs };
  }

  /** Kinds that are not known are those of a later time, and are left out. */
  #keep(value: JsonObject): void {
    switch (value.k) {
      case 'run':
        this.#run = this.#object(value, 'run');
        break;
      case 'scenario':
        this.#scenario = this.#scenarioOf(value);
        break;
      case 'report':
        this.#report = this.#object(value, 'report');
        break;
      case 'definition':
        this.#add(this.#definitions, this.#object(value, 'definition'), mostActors);
        break;
      case 'actor':
        this.#add(this.#actors, this.#object(value, 'actor'), mostActors);
        break;
      case 'transition':
        this.#add(this.#transitions, this.#object(value, 'transition'), mostTransitions);
        break;
      case 'end':
        if (value.lines !== this.#line - 1) this.#refuse('lines are missing before this one');
        this.#ended = true;
        break;
      default:
        if (typeof value.k !== 'string') this.#refuse('it does not say what it is (k)');
    }
  }

  #object(value: JsonObject, name: string): JsonObject {
    const found = value[name];
    return isObject(found) ? found : this.#refuse(`${name} is missing in it`);
  }

  #scenarioOf({ text, file }: JsonObject): FileScenario {
    if (typeof text === 'string' && typeof file === 'string') return { text, file };
    return this.#refuse('text or file is missing in it');
  }

  #add(list: JsonObject[], item: JsonObject, most: number): void {
    if (list.length >= most) this.#refuse(`there are more than ${most} of these`);
    list.push(item);
  }

  #refuse(what: string, hint?: string): never {
    throw new PosternError('RUN_FILE_INVALID', `${this.#name}:${Math.max(1, this.#line)}: ${what}`, {
      hint,
      exitCode: 2,
    });
  }
}
