import type { CallHead, RawMetadata } from './call.js';

/** Strings up to this length are written unit by unit, which is quicker than to call into the runtime. */
const shortUnits = 48;

/**
 * Writes the bodies of OPEN, HEAD and TRAILERS frames (proto/postern/bus/v1/frame.proto) into one buffer that is used
 * again and again: these three are written for every call.
 */
export class BodyWriter {
  #buffer = Buffer.allocUnsafeSlow(4096);
  #at = 0;

  /** The body of an OPEN frame; valid until the next body is written. */
  open(head: CallHead, windowBytes: number): Uint8Array {
    this.#at = 0;
    this.#string(0x0a, head.path);
    if (head.authority !== '') this.#string(0x12, head.authority);
    this.#strings(0x1a, head.metadata);
    if (head.timeoutMs !== undefined) {
      // Rounded down, so that a deadline never grows on its way, but never to none.
      this.#number(0x20, Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.floor(head.timeoutMs))));
    }
    if (head.caller !== '') this.#string(0x2a, head.caller);
    if (windowBytes !== 0) this.#number(0x30, windowBytes);
    if (head.traceparent !== undefined) this.#string(0x3a, head.traceparent);
    return this.#buffer.subarray(0, this.#at);
  }

  /** The body of a HEAD frame; valid until the next body is written. */
  metadata(metadata: RawMetadata): Uint8Array {
    this.#at = 0;
    this.#strings(0x0a, metadata);
    return this.#buffer.subarray(0, this.#at);
  }

  /** The body of a TRAILERS frame; valid until the next body is written. The times are told in whole microseconds. */
  trailers(metadata: RawMetadata, calleeMs: number | undefined, serverMs: number | undefined): Uint8Array {
    this.#at = 0;
    this.#strings(0x0a, metadata);
    if (calleeMs !== undefined) this.#number(0x10, Math.max(0, Math.round(calleeMs * 1000)));
    if (serverMs !== undefined) this.#number(0x18, Math.max(0, Math.round(serverMs * 1000)));
    return this.#buffer.subarray(0, this.#at);
  }

  #strings(tag: number, values: RawMetadata): void {
    for (let i = 0; i < values.length; i++) this.#string(tag, values[i] ?? '');
  }

  #string(tag: number, value: string): void {
    const units = value.length;
    this.#reserve(3 * units + 16);
    const buffer = this.#buffer;
    buffer[this.#at++] = tag;
    if (units <= shortUnits) {
      const start = this.#at + 1;
      let i = 0;
      for (; i < units; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 0x7f) break;
        buffer[start + i] = unit;
      }
      if (i === units) {
        buffer[this.#at] = units;
        this.#at = start + units;
        return;
      }
    }
    const length = Buffer.byteLength(value, 'utf8');
    this.#varint(length);
    this.#at += buffer.write(value, this.#at, length, 'utf8');
  }

  #number(tag: number, value: number): void {
    this.#reserve(16);
    this.#buffer[this.#at++] = tag;
    this.#varint(value);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
