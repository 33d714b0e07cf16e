/**
 * Credit as cumulative byte offsets, for one call or for all calls between two processes. One number tells order,
 * a gap, too much and a lost grant.
 */

/** Windows that the other side makes up are not believed beyond this, bytes. */
const mostSize = 2 ** 40;

/** The sending side of a direction. */
export class SendWindow {
  /** Bytes sent. */
  sent = 0;
  /** Bytes that may have been sent. */
  limit: number;
  /** What the other side lets be on the way at most, as far as is known. */
  size: number;

  constructor(size: number) {
    this.size = size;
    this.limit = size;
  }

  /** Bytes that may be sent now. */
  get room(): number {
    return this.limit - this.sent;
  }

  /** Bytes that the other side has not given back yet, as far as is known. */
  get outstanding(): number {
    return this.sent - (this.limit - this.size);
  }

  /** Takes a grant; an older one than the last changes nothing. True when there is more room than before. */
  raise(limit: number): boolean {
    if (limit <= this.limit) return false;
    this.limit = limit;
    // The other side's window has grown, and windows double: the last of them that this grant fits into.
    while (limit - this.sent > this.size && this.size < mostSize) this.size *= 2;
    return true;
  }
}

/** The receiving side of a direction. */
export class ReceiveWindow {
  /** Bytes that have come. */
  received = 0;
  /** Bytes that were passed on. */
  consumed = 0;
  /** What the other side was told last. */
  granted: number;
  size: number;

  constructor(size: number) {
    this.size = size;
    this.granted = size;
  }

  /** Bytes that have come and were not passed on. */
  get held(): number {
    return this.received - this.consumed;
  }

  /** What the other side may be told now. */
  get grantable(): number {
    return this.consumed + this.size;
  }

  /** Whether `bytes` more keep within what was granted. */
  accepts(bytes: number): boolean {
    return this.received + bytes <= this.granted;
  }

  /** Bytes that were passed on and that the other side was not told of. */
  get due(): number {
    return this.grantable - this.granted;
  }

  /** Whether what is due is half of what the other side could have on the way. */
  get dueByHalf(): boolean {
    return this.due * 2 >= this.size - this.held;
  }

  /** The grant to tell the other side. */
  grant(): number {
    this.granted = this.grantable;
    return this.granted;
  }

  /** The sender counts anew and has sent so many bytes; what is held here stays to be passed on. */
  restart(sent: number): void {
    this.consumed = sent - this.held;
    this.received = sent;
    this.granted = sent + this.size;
  }
}
