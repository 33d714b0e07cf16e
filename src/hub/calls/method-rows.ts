import { isForwardPath } from '../../rpc/forward.js';
import { shownMethod } from '../activity/shown-text.js';
import { MethodRow } from './method-row.js';

/** Methods of one node that have a row each: such as the node has answered with OK, and others. */
const [mostProven, mostUnproven] = [256, 32];
/** Rows of all nodes together. */
const mostRows = 2_048;
/** gRPC status of what a server does not know. */
const unimplemented = 12;

/** The rows of a node. */
interface NodeRows {
  /** By the path of calls. */
  readonly byPath: Map<string, MethodRow>;
  proven: number;
  /** For the calls of methods that have no row. */
  other: MethodRow | undefined;
}

/**
 * The rows that calls are counted in. Callers choose the names of methods, so a node has few rows but for those that it
 * has answered with OK; all other calls of it are counted in one row without a method.
 */
export class MethodRows {
  readonly #nodes = new Map<string, NodeRows>();
  #size = 0;

  /** The row of a call that ends with `status`; undefined: it is not to be counted, or there is no room. */
  of(node: string, path: string, status: number): MethodRow | undefined {
    const rows = this.#nodes.get(node);
    const row = rows?.byPath.get(path);
    if (rows === undefined || row === undefined) return this.#begin(node, rows, path, status);
    if (status === 0 && !row.proven && rows.proven < mostProven) {
      row.proven = true;
      rows.proven++;
    }
    return row;
  }

  /** Drops the rows that had no call in a round from the given ones on. */
  forget(provenBefore: number, unprovenBefore: number): void {
    for (const [node, rows] of this.#nodes) {
      for (const [path, row] of rows.byPath) {
        if (row.usedIn >= (row.proven ? provenBefore : unprovenBefore)) continue;
        rows.byPath.delete(path);
        if (row.proven) rows.proven--;
        this.#size--;
      }
      if (rows.other !== undefined && rows.other.usedIn < unprovenBefore) {
        rows.other = undefined;
        this.#size--;
      }
      if (rows.byPath.size === 0 && rows.other === undefined) this.#nodes.delete(node);
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  #begin(node: string, known: NodeRows | undefined, path: string, status: number): MethodRow | undefined {
    if (isForwardPath(path)) return undefined;
    const rows = known ?? { byPath: new Map(), proven: 0, other: undefined };
    const proven = status === 0;
    const room = proven
      ? rows.proven < mostProven
      : status !== unimplemented && rows.byPath.size - rows.proven < mostUnproven;
    const own = room && this.#size < mostRows;
    if (!own && rows.other !== undefined) return rows.other;
    // Each node may have the row of its other methods, so that few are missing.
    if (!own && this.#size >= 2 * mostRows) return undefined;
    const row = new MethodRow(node, own ? shownMethod(path) : '');
    this.#size++;
    if (known === undefined) this.#nodes.set(node, rows);
    if (!own) rows.other = row;
    else {
      rows.byPath.set(path, row);
      row.proven = proven;
      if (proven) rows.proven++;
    }
    return row;
  }
}
