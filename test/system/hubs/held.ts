import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../../support/processes.js';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** The heap of a process grows by so much as its code is compiled, bytes. */
const noiseBytes = 700_000;

/** Knows what this process holds, so that a test can tell what something has left. */
export class Held {
  readonly #timers = new Set<number>();
  readonly #hook = createHook({
    init: (id, type) => void (type === 'Timeout' && this.#timers.add(id)),
    destroy: (id) => void this.#timers.delete(id),
  });
  #before = { sockets: 0, timers: 0, heap: 0 };

  constructor(t: TestContext) {
    this.#hook.enable();
    t.after(() => this.#hook.disable());
  }

  /** What is held now is what shall be held later. */
  begin(): void {
    this.#before = { ...this.#counts(), heap: heapBytes() };
  }

  /** Resolves when no more is held than at `begin`, of the heap so much more for each of `times`. */
  async asBefore(t: TestContext, times: number, bytesEach: number): Promise<void> {
    const { sockets, timers, heap } = this.#before;
    let now = this.#counts();
    await eventually(
      'sockets and timers are as before',
      () => {
        now = this.#counts();
        return now.sockets <= sockets && now.timers <= timers + 2;
      },
      { timeoutMs: 15_000 },
    ).catch((thrown: unknown) => {
      throw new Error(`${JSON.stringify(now)} where there were ${JSON.stringify(this.#before)}`, {
        cause: thrown,
      });
    });
    const more = heapBytes() - heap;
    t.diagnostic(`${times} times: ${JSON.stringify(now)}, ${Math.round(more / times)} bytes each`);
    assert.ok(more < noiseBytes + times * bytesEach, `${more} bytes more for ${times}`);
  }

  #counts(): { sockets: number; timers: number } {
    const sockets = process.getActiveResourcesInfo().filter((kind) => /TCP|TLS/.test(kind)).length;
    return { sockets, timers: this.#timers.size };
  }
}

function heapBytes(): number {
  if (typeof collect === 'function') for (let i = 0; i < 3; i += 1) collect();
  return process.memoryUsage().heapUsed;
}
