import type { OpenCall } from '../call-stats.js';

/** The calls that are open, in the order of their beginning; adding and removing costs a few assignments. */
export class OpenList {
  #first: OpenCall | undefined;
  #last: OpenCall | undefined;
  /** The first that was not given out as old yet. */
  #young: OpenCall | undefined;

  add(call: OpenCall): void {
    call.earlier = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.later = call;
    this.#last = call;
    this.#young ??= call;
  }

  remove(call: OpenCall): void {
    const { earlier, later } = call;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    if (this.#young === call) this.#young = later;
    call.earlier = undefined;
    call.later = undefined;
  }

  /** Gives out the calls that began before a moment, each once. */
  old(before: number, tell: (call: OpenCall) => void): void {
    for (let call = this.#young; call !== undefined && call.startedAt <= before; call = call.later) {
      this.#young = call.later;
      call.told = true;
      tell(call);
    }
  }

  /** How many there are; counts them. */
  get size(): number {
    let size = 0;
    for (let call = this.#first; call !== undefined; call = call.later) size++;
    return size;
  }
}
