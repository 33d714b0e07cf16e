/** By what it is known that nobody could know of a node: its own word, a fault that cut it off, records that are missing. */
export type BlindCause = 'hub' | 'fault' | 'records';

/** When nobody could know of a node; Unix milliseconds of the controller's clock. */
export interface BlindTime {
  readonly node: string;
  /** In all, what has several causes once, milliseconds. */
  readonly ms: number;
  readonly longestMs: number;
  /** Of it, what no record told of afterwards either. */
  readonly neverMs: number;
  /** How often. */
  readonly times: number;
  /** The first 100. */
  readonly spans: readonly {
    readonly fromMs: number;
    readonly toMs: number;
    readonly causes: readonly BlindCause[];
  }[];
}
