/** Keeps each text once and gives it a number: most ids of messages come from every receiver. */
export class Texts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The number of a text, the same each time. */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  /** The text with a number; undefined for -1. */
  text(number: number): string | undefined {
    return this.#texts[number];
  }
}
