/** What the first line of a file calls itself. */
export const runFileFormat = 'postern-run';
/** The version that is written, and the newest that is read. */
export const runFileVersion = 1;
/** How the name of a file ends. */
export const runFileEnding = '.postern-run.jsonl';
/** A file may be so long when it is unpacked, bytes. */
export const longestFile = 256 * 1024 * 1024;
/** A line may be so long, characters; the report of 200 nodes takes a fifth of it. */
export const longestLine = 64 * 1024 * 1024;
/** So many actors and so many transitions a file may tell of. */
export const mostActors = 20_000;
export const mostTransitions = 500_000;

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The first line. */
export interface RunFileHeader {
  readonly format: typeof runFileFormat;
  readonly version: number;
  /** Name of the run. */
  readonly run: string;
  /** Name of its scenario. */
  readonly scenario: string;
  /** Unix milliseconds. */
  readonly exportedAtMs: number;
}

/** The scenario as it was asked for. */
export interface FileScenario {
  readonly text: string;
  /** Its file name. */
  readonly file: string;
}

/**
 * A run with all that a hub tells of it. Messages of `runs.proto` and `inspector.proto` are in the JSON form of Protocol
 * Buffers; `report` is described by `schemas/report.schema.json`.
 */
export interface RunFile {
  readonly header: RunFileHeader;
  /** A `Run`. */
  readonly run: JsonObject;
  readonly scenario: FileScenario | undefined;
  /** Undefined: the run ended before it had a plan. */
  readonly report: JsonObject | undefined;
  /** Each a `Definition`. */
  readonly definitions: readonly JsonObject[];
  /** Each an `Actor`. */
  readonly actors: readonly JsonObject[];
  /** Each a `Transition`, in the order of the bus. */
  readonly transitions: readonly JsonObject[];
}

/** True where it is an object of JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
