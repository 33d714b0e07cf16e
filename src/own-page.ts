/** A file of a page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The body by gzip, where that is shorter. */
  readonly gzipped?: Buffer | undefined;
  /** Another body has another one; without, nobody can ask whether it is still the same. */
  readonly tag?: string;
  /** Names and values of further fields. */
  readonly fields: readonly string[];
}

/** A page that a process of ours shows to whoever comes; what is secret in it has to be asked for by calls. */
export interface OwnPage {
  /** Path that all of its files begin with, without a slash at the end. */
  readonly path: string;
  /** The file at a path that begins so; undefined: there is none. */
  file(path: string): PageFile | undefined;
}
