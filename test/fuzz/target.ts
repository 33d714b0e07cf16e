/** What real traffic left to start from: entries by kind. */
export interface Corpus {
  /** Messages on the bus. */
  readonly messages: readonly Buffer[];
  /** First bytes of connections of real clients. */
  readonly firstBytes: readonly Buffer[];
  /** Header lists of real calls: names and values in turn, with U+001F between them. */
  readonly headers: readonly Buffer[];
  readonly timeouts: readonly Buffer[];
  readonly grpcMessages: readonly Buffer[];
  /** Bodies of JSON on the bus, each behind its subject and a new line. */
  readonly json: readonly Buffer[];
  /** Bodies of HTTP requests of agents. */
  readonly enrolments: readonly Buffer[];
  readonly hubFiles: readonly Buffer[];
  readonly tokens: readonly Buffer[];
  /** Serialised `FileDescriptorProto`s and answers of a server's reflection. */
  readonly descriptors: readonly Buffer[];
  readonly reflection: readonly Buffer[];
}

/** A parser under test. */
export interface FuzzTarget {
  readonly seeds: readonly Buffer[];
  /** So many inputs are given in one turn, then `settle` is awaited. Default: 256. */
  readonly batch?: number;
  /** Takes one input; throws where a property does not hold. */
  feed(input: Buffer): void;
  /** Waits until what was fed has come to its end, and checks what is left. */
  settle?(): Promise<void>;
  /** Checks and frees everything. */
  close?(): Promise<void>;
}

/** Makes a target from what was recorded. */
export type MakeTarget = (corpus: Corpus) => FuzzTarget | Promise<FuzzTarget>;
