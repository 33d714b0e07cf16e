/** Typed arrays that a column is made of. */
type Values = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

const firstLength = 256;

/** Numbers in a row that grows: a few bytes each, whatever their number. */
export class Column {
  readonly #make: (length: number) => Values;
  #values: Values;
  #length = 0;

  constructor(make: (length: number) => Values) {
    this.#make = make;
    this.#values = make(firstLength);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds one at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const more = this.#make(this.#length * 2);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#length++] = value;
  }

  /** What is there; 0 behind the end. */
  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Changes one that is there. */
  set(index: number, value: number): void {
    this.#values[index] = value;
  }
}

/** 8 bytes each: times. */
export const float64 = (): Column => new Column((length) => new Float64Array(length));
/** 4 bytes each, -1 and the like among them. */
export const int32 = (): Column => new Column((length) => new Int32Array(length));
/** 4 bytes each. */
export const uint32 = (): Column => new Column((length) => new Uint32Array(length));
/** 2 bytes each. */
export const uint16 = (): Column => new Column((length) => new Uint16Array(length));
/** 1 byte each. */
export const uint8 = (): Column => new Column((length) => new Uint8Array(length));
