import { DatagramQueue } from './datagram-queue.js';
import { StreamQueue } from './stream-queue.js';
import type { Way } from './way.js';

/** Where something of ours is sent through. */
export interface ProbedWays {
  readonly in: Way;
  readonly out: Way;
}

/** What is sent. */
export interface Probe {
  /** As a datagram, or on a stream. */
  readonly as: 'datagram' | 'stream';
  readonly bytes: number;
  /** Tells it from others, for its lots. */
  readonly name: string;
}

/**
 * Sends something out and back through what disturbs a way, beside what really goes there: nobody but us gets it, and lots
 * and rates of what really goes there stay as they are. Resolves to the milliseconds until it was back, or to undefined where
 * it is not when the signal comes.
 */
export function probeWays(
  ways: ProbedWays,
  { as, bytes, name }: Probe,
  signal: AbortSignal,
): Promise<number | undefined> {
  const [out, back] = [ways.out.twin(name), ways.in.twin(name)];
  const beganMs = performance.now();
  return new Promise((resolve) => {
    const queues = as === 'stream' ? [streamOf(out), streamOf(back)] : [datagramsOf(out), datagramsOf(back)];
    const [first, second] = queues;
    const settle = (ms: number | undefined): void => {
      signal.removeEventListener('abort', late);
      for (const queue of queues) queue.stop();
      resolve(ms);
    };
    const late = (): void => settle(undefined);
    if (signal.aborted) {
      late();
      return;
    }
    signal.addEventListener('abort', late, { once: true });
    first?.send(bytes, () => second?.send(bytes, () => settle(performance.now() - beganMs)));
  });
}

interface ProbeQueue {
  send(bytes: number, came: () => void): void;
  stop(): void;
}

function streamOf(way: Way): ProbeQueue {
  const queue = new StreamQueue(way, { isGone: () => false, moved: () => {} });
  return {
    send(bytes, came) {
      queue.take(bytes, () => {
        came();
        return true;
      });
    },
    stop: () => queue.clear(),
  };
}

function datagramsOf(way: Way): ProbeQueue {
  const queue = new DatagramQueue(way);
  return { send: (bytes, came) => queue.take(bytes, came), stop: () => queue.stop() };
}
