import type { ActivityRecord } from '../../bus/activity-message.js';
import { nodeName } from '../../bus/messages.js';
import { shownCaller } from './shown-text.js';

/** What was refused alike within this time is told as one, in milliseconds. */
const windowMs = 1_000;
/** So many kinds of refusals are told apart; the others are told by their reasons alone. */
const mostKinds = 32;

/** A call that the door has refused. */
export interface RefusedCall {
  /** As the caller has named it. */
  readonly node: string | undefined;
  readonly path: string;
  /** Undefined: not known. */
  readonly caller: string | undefined;
  /** gRPC status code. */
  readonly code: number;
  /** Stable code, such as `NODE_OFFLINE`. */
  readonly reason: string;
  /** What else is told of it. */
  readonly about?: Pick<ActivityRecord, 'actor' | 'operation' | 'note' | 'outcome'> | undefined;
}

/** Refusals that are alike. */
interface Kind {
  readonly node: string;
  readonly path: string;
  readonly caller: string;
  readonly code: number;
  readonly reason: string;
  readonly about: RefusedCall['about'];
  /** Those that were not told yet. */
  count: number;
  firstMs: number;
}

/** Tells refused calls: the first of a kind at once, those that follow as one each second, however many there are. */
export class Refusals {
  readonly #tell: (about: { node: string; path: string }, event: ActivityRecord) => void;
  readonly #kinds = new Map<string, Kind>();
  #sweptMs = 0;

  constructor(tell: (about: { node: string; path: string }, event: ActivityRecord) => void) {
    this.#tell = tell;
  }

  refused({ node = '', path, caller = '', code, reason, about }: RefusedCall, nowMs: number): void {
    // who calls may write anything in the place of a name
    const named = nodeName.safeParse(node).success ? node : '';
    const what = about === undefined ? '' : `${about.actor} ${about.operation}`;
    const key = `${code} ${reason} ${named} ${caller} ${path} ${what}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      count(known, nowMs);
    } else if (this.#kinds.size < mostKinds) {
      const shown = shownCaller(caller);
      const kind = { node: named, path, caller: shown, code, reason, about, count: 1, firstMs: nowMs };
      this.#kinds.set(key, kind);
      this.#tellOf(kind);
    } else {
      const other = this.#kinds.get(reason);
      if (other !== undefined) count(other, nowMs);
      else
        this.#kinds.set(reason, {
          node: '',
          path: '',
          caller: '',
          code,
          reason,
          about: undefined,
          count: 1,
          firstMs: nowMs,
        });
    }
  }

  /** Tells what came since, when it is time for that. */
  sweep(nowMs: number): void {
    if (this.#kinds.size > 0 && nowMs - this.#sweptMs >= windowMs) this.flush(nowMs);
  }

  flush(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const [key, kind] of this.#kinds) {
      if (kind.count === 0) this.#kinds.delete(key);
      else this.#tellOf(kind);
    }
  }

  #tellOf(kind: Kind): void {
    const { firstMs, code, caller, reason, about } = kind;
    this.#tell(kind, { at: firstMs, code, caller, reason, ...about, count: kind.count });
    kind.count = 0;
  }
}

function count(kind: Kind, nowMs: number): void {
  if (kind.count === 0) kind.firstMs = nowMs;
  kind.count++;
}
