import { connect, type Socket } from 'node:net';
import type { CallHead, CallSink, CallTarget } from '../../src/rpc/call.js';
import type { Front } from '../../src/wire/listener.js';
import { startFront, type TestFront, tcp } from './harness.js';

/** A target that answers every call with OK when it is told to. */
export class Held implements CallTarget {
  readonly sinks: CallSink[] = [];
  hold = false;

  open(_head: CallHead, sink: CallSink): ReturnType<CallTarget['open']> {
    if (this.hold) this.sinks.push(sink);
    else setImmediate(() => sink.trailers(['grpc-status', '0']));
    return { write: () => true, end: () => {}, cancel: () => {}, consumed: () => {} };
  }

  release(): void {
    for (const sink of this.sinks.splice(0)) sink.trailers(['grpc-status', '0']);
  }
}

/** What the fronts serve. */
export const target = new Held();
const fronts: Front[] = [];

/** Starts a front that `cleanUp` ends. */
export async function front(options: Parameters<typeof startFront>[1] = {}): Promise<TestFront> {
  const started = await startFront(target, options);
  fronts.push(started);
  return started;
}

/** Ends what the test has started; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  target.release();
  target.hold = false;
  await Promise.all(fronts.splice(0).map((one) => one.close()));
}

/** A socket whose errors are taken. */
export function dial(address: string): Socket {
  const socket = connect(tcp(address));
  socket.on('error', () => {});
  return socket;
}

/** All that a socket brings until it is closed. */
export function drained(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return new Promise((resolve) => {
    socket.once('close', () => resolve(text));
  });
}
