/** A field that stands there twice; who reads the first and who reads the last would disagree. */
export const twice = Symbol('twice');

/** The fields of a query or form, each as it stands there, or `twice`; undefined where it is missing or empty. */
export class Fields {
  readonly #params: URLSearchParams;

  constructor(text: string) {
    this.#params = new URLSearchParams(text);
  }

  /** RFC 6749 §3.1: an empty field is a missing one, and none may stand there twice. */
  get(name: string): string | typeof twice | undefined {
    const values = this.#params.getAll(name);
    if (values.length > 1) return twice;
    const [value = ''] = values;
    return value === '' ? undefined : value;
  }

  /** The field where it stands there once. */
  once(name: string): string | undefined {
    const value = this.get(name);
    return value === twice ? undefined : value;
  }
}
