/**
 * As much of XMLHttpRequest as Google's grpc-web needs, on the fetch of Node: text that grows while it comes, bytes when
 * all are there, header fields, cancelling.
 */
export class FetchedXhr {
  onreadystatechange: (() => void) | null = null;
  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  responseType = '';
  withCredentials = false;
  readonly #headers = new Headers();
  readonly #abort = new AbortController();
  readonly #chunks: Uint8Array[] = [];
  #method = '';
  #url = '';
  #answered = new Headers();

  get response(): unknown {
    if (this.responseType !== 'arraybuffer') return this.responseText;
    return this.readyState === 4 ? Uint8Array.from(Buffer.concat(this.#chunks)).buffer : null;
  }

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
    this.#become(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  getResponseHeader(name: string): string | null {
    return this.#answered.get(name);
  }

  getAllResponseHeaders(): string {
    return [...this.#answered].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  abort(): void {
    this.#abort.abort();
  }

  send(body?: string | Uint8Array<ArrayBuffer>): void {
    this.#exchange(body).then(
      () => this.#become(4),
      () => {
        this.status = 0;
        this.#become(4);
      },
    );
  }

  async #exchange(body: string | Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    const response = await fetch(this.#url, {
      method: this.#method,
      headers: this.#headers,
      signal: this.#abort.signal,
      ...(body === undefined ? {} : { body }),
    });
    this.status = response.status;
    this.statusText = response.statusText;
    this.#answered = response.headers;
    this.#become(2);
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      this.#chunks.push(chunk);
      this.responseText += decoder.decode(chunk, { stream: true });
      this.#become(3);
    }
  }

  #become(state: number): void {
    if (this.#abort.signal.aborted) return;
    this.readyState = state;
    this.onreadystatechange?.();
  }
}
