import type { RawMetadata } from '../../rpc/call.js';
import type { LocalService, RowCalls } from '../routes/service.js';
import type { Row } from '../routes/table.js';
import type { DoorRefusal } from './refusal.js';

/** Where a call is to go. */
export type Destination = {
  /** The metadata without the key that named the node; the same object when nothing was taken. */
  readonly metadata: RawMetadata;
  /** The row that has decided, if one has. */
  readonly row?: Row | undefined;
} & (
  | {
      readonly kind: 'node';
      /** The name as it was given, not yet validated. */
      readonly node: string;
      /** Where a row of the table has led here. */
      readonly calls?: RowCalls | undefined;
    }
  | {
      readonly kind: 'service';
      readonly service: LocalService & { readonly target: NonNullable<LocalService['target']> };
      /** The path as the service is to see it. */
      readonly path: string;
    }
  /** The hub's own services. */
  | { readonly kind: 'hub' }
  /** No call is taken there; to be told to those who may call. */
  | { readonly kind: 'none'; readonly refusal: DoorRefusal }
  /** The path cannot be matched; to be told to everybody. */
  | { readonly kind: 'malformed'; readonly refusal: DoorRefusal }
);

/** Where a request that is no gRPC call is to go. */
export type HttpDestination = {
  /** The row that has decided, if one has. */
  readonly row?: Row | undefined;
} & (
  | {
      readonly kind: 'service';
      readonly service: LocalService;
      /** The path as the service is to see it, with its query. */
      readonly path: string;
    }
  /** What the hub itself serves over HTTP, or nothing. */
  | { readonly kind: 'hub' }
  /** The path cannot be matched: to be answered with 400 and this text. */
  | { readonly kind: 'malformed'; readonly why: string }
);
