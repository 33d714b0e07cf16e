import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a hub that is always open, so that attempts can be counted also while there is no hub behind it. */
export class CountingRelay {
  /** When each connection came, on the clock of `performance`. */
  readonly cameAt: number[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => {
    this.cameAt.push(performance.now());
    const far = connect(this.#port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one
        .on('error', () => {})
        .once('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  readonly #port: number;

  /** `to` is `127.0.0.1:PORT`. */
  constructor(to: string) {
    this.#port = Number(to.split(':')[1]);
  }

  /** Resolves to `127.0.0.1:PORT`. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : assert.fail();
  }

  /** The most connections that came within `windowMs`, since `from`. */
  peak(windowMs: number, from: number): number {
    const times = this.cameAt.filter((at) => at >= from);
    let first = 0;
    let most = 0;
    for (const [last, at] of times.entries()) {
      while ((times[first] ?? at) < at - windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
