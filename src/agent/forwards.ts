import { connect, type Socket } from 'node:net';
import type { Logger } from '../log.js';
import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import { isForwardPath, targetOfPath } from '../rpc/forward.js';
import { refuseCall } from '../rpc/refused-call.js';
import { type Address, formatAddress } from '../wire/address.js';
import { openForward } from '../wire/forward-target.js';

const permissionDenied = 7;

/** The forwards of an agent, beside the calls to its servers: connections to targets that it was told to allow. */
export class Forwards implements CallTarget {
  readonly #calls: CallTarget;
  readonly #node: string;
  /** The first is where a forward without a target goes. */
  readonly #allowed: ReadonlyMap<string, Address>;
  readonly #connectTimeoutMs: number;
  readonly #log: Logger;
  readonly #open = new Set<Socket>();

  constructor(options: {
    /** Takes whatever is no forward. */
    calls: CallTarget;
    node: string;
    /** Where connections may be made to. */
    allowed: readonly Address[];
    connectTimeoutMs: number;
    log: Logger;
  }) {
    this.#calls = options.calls;
    this.#node = options.node;
    this.#allowed = new Map(options.allowed.map((address) => [formatAddress(address), address]));
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#log = options.log;
  }

  open(head: CallHead, sink: CallSink): Call {
    if (!isForwardPath(head.path)) return this.#calls.open(head, sink);
    const name = targetOfPath(head.path) ?? '';
    const [first] = this.#allowed.values();
    const address = name === '' ? first : this.#allowed.get(name);
    if (address === undefined) {
      const message = `node '${this.#node}' forwards nothing to '${name.slice(0, 256)}'`;
      const reset = { status: permissionDenied, message, refused: false, remote: false };
      return refuseCall(sink, reset, this.#log);
    }
    return openForward((signal) => this.#connect(address, signal), formatAddress(address), sink);
  }

  /** Ends all connections. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #connect(address: Address, signal: AbortSignal): Promise<Socket> {
    const to = 'path' in address ? address : { ...address, host: address.host || 'localhost' };
    const socket = connect({ ...to, allowHalfOpen: true, noDelay: true });
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return new Promise((resolve, reject) => {
      const giveUp = () => socket.destroy(new Error('nobody waits any more'));
      const late = () => socket.destroy(new Error(`no answer within ${this.#connectTimeoutMs} ms`));
      const timer = setTimeout(late, this.#connectTimeoutMs);
      signal.addEventListener('abort', giveUp, { once: true });
      const settled = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      socket.once('connect', () => {
        settled();
        resolve(socket);
      });
      socket.once('error', (error) => {
        settled();
        reject(error);
      });
    });
  }
}
