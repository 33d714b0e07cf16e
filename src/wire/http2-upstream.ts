import type { Duplex } from 'node:stream';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Call, CallHead, CallReset, CallSink, CallTarget } from '../rpc/call.js';
import { type Address, formatAddress } from './address.js';
import { type Dialling, type DialTls, dial } from './dial.js';
import { UpstreamCall, type UpstreamCallOwner } from './upstream-call.js';
import { type SessionHooks, startSession, UpstreamSession } from './upstream-session.js';

/** Where an upstream's connections lead: to an address, or through a transport of the owner's own making. */
export type UpstreamPlace =
  | { readonly address: Address; readonly connect?: undefined }
  | { readonly address?: Address; readonly connect: () => Duplex };

export type UpstreamOptions = UpstreamPlace & {
  /** TLS towards the address. Without it: plain HTTP/2 with prior knowledge. */
  readonly tls?: DialTls;
  /** `:authority` of every call, where it shall not be what the client sent. */
  readonly authority?: string;
  /** Bound for a connection to be ready, milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  readonly log?: Logger;
  /** What messages call the server; default: its address. */
  readonly name?: string;
  /** Stable code of the error of calls that cannot reach the server; default: the name of the status. */
  readonly offlineCode?: string;
};

/** Calls that may wait for a connection or a slot. */
const maxQueued = 4_096;
/** Connections at the same time; a further one is opened only when all have as many calls as the server allows. */
const maxSessions = 8;
/** Connections in a row that went away before they took a call, after which the waiting calls fail. */
const maxBarren = 3;

/**
 * One server behind HTTP/2. Connects with the first call, keeps the connection, and opens a new one when the server
 * sends GOAWAY, the connection breaks or its budget of resets is spent; open calls finish on the old one.
 */
export class Http2Upstream implements CallTarget {
  readonly #options: UpstreamOptions;
  readonly #timeoutMs: number;
  readonly #calls = new Set<UpstreamCall>();
  readonly #queue = new Set<UpstreamCall>();
  readonly #owner: UpstreamCallOwner;
  readonly #hooks: SessionHooks;
  /** Sessions that take calls. */
  readonly #ready: UpstreamSession[] = [];
  /** All sessions that are not gone. */
  readonly #sessions = new Set<UpstreamSession>();
  #connecting = false;
  #dialling: Dialling | undefined;
  #barren = 0;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#timeoutMs = options.connectTimeoutMs ?? 10_000;
    const place = options.address === undefined ? 'in-process' : formatAddress(options.address);
    const name = options.name ?? place;
    this.#owner = {
      scheme: options.tls === undefined ? 'http' : 'https',
      name,
      authorityFor: (head) => options.authority ?? (head.authority || place),
      callOver: (call) => this.#callOver(call),
    };
    this.#hooks = { retired: (session) => this.#retired(session), slotFree: () => this.#pump() };
  }

  /** Calls that are open or waiting. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** Connections that are open, those that only finish old calls included. */
  get connections(): number {
    return this.#sessions.size;
  }

  open(head: CallHead, sink: CallSink): Call {
    const call = new UpstreamCall(this.#owner, head, sink);
    this.#calls.add(call);
    if (this.#stopped) {
      process.nextTick(() => call.fail(this.#unavailable(`the way to ${this.#owner.name} is closed`)));
      return call;
    }
    if (this.#queue.size === 0 && this.#startNow(call)) return call;
    if (this.#queue.size >= maxQueued) {
      const message = `${maxQueued} calls wait for the server at ${this.#owner.name} already`;
      process.nextTick(() => call.fail({ status: 8, message, refused: true, remote: false }));
      return call;
    }
    this.#queue.add(call);
    this.#connect();
    return call;
  }

  /** Takes no more calls, waits until the open ones are over, at most `graceMs`, and closes. */
  async drain(graceMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#calls.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.close();
  }

  /** Ends all calls with UNAVAILABLE and closes the connections at once; `message` tells the callers why. */
  close(message = `the way to ${this.#owner.name} was closed`): void {
    this.#stopped = true;
    this.#dialling?.abort();
    for (const call of [...this.#calls]) {
      call.fail({ status: 14, message, refused: !call.started, remote: false });
    }
    for (const session of [...this.#sessions]) session.destroy();
  }

  #startNow(call: UpstreamCall): boolean {
    for (const session of this.#ready) {
      if (!session.hasSlot) continue;
      if (call.start(session)) {
        this.#barren = 0;
        return true;
      }
      session.retire();
      return false;
    }
    return false;
  }

  /** Starts waiting calls as far as there are slots. */
  #pump(): void {
    for (const call of this.#queue) {
      if (!this.#startNow(call)) break;
      this.#queue.delete(call);
    }
    if (this.#queue.size > 0) this.#connect();
  }

  #callOver(call: UpstreamCall): void {
    this.#calls.delete(call);
    this.#queue.delete(call);
    if (this.#calls.size === 0) this.#idle?.();
  }

  #retired(session: UpstreamSession): void {
    const index = this.#ready.indexOf(session);
    if (index >= 0) this.#ready.splice(index, 1);
    if (session.unused) this.#barren += 1;
    if (this.#barren < maxBarren) this.#pump();
    else this.#failQueue(`the server at ${this.#owner.name} closes every connection: ${session.lost}`);
  }

  #connect(): void {
    if (this.#connecting || this.#stopped || this.#ready.length >= maxSessions) return;
    if (this.#ready.some((session) => session.hasSlot)) return;
    this.#connecting = true;
    this.#establish().then(
      (session) => {
        this.#connecting = false;
        this.#established(session);
      },
      (error: unknown) => {
        this.#connecting = false;
        this.#options.log?.debug({ upstream: this.#owner.name, error: errorText(error) }, 'no connection');
        // Where others are open, the calls go on waiting for these.
        if (this.#ready.length === 0) this.#failQueue(errorText(error));
      },
    );
  }

  async #establish(): Promise<UpstreamSession> {
    const startedAt = performance.now();
    const { connect, address, tls } = this.#options;
    let transport: Duplex;
    if (connect !== undefined) transport = connect();
    else {
      this.#dialling = dial(address, tls, this.#timeoutMs, this.#owner.name);
      transport = await this.#dialling.connected;
    }
    const leftMs = Math.max(1, Math.round(this.#timeoutMs - (performance.now() - startedAt)));
    const { scheme, name } = this.#owner;
    const http2 = await startSession(transport, scheme === 'https' ? 'https' : 'http', name, leftMs);
    if (this.#stopped && this.#calls.size === 0) {
      http2.destroy();
      throw new PosternError('DIAL_FAILED', `the way to ${name} was closed`);
    }
    return new UpstreamSession(http2, this.#hooks);
  }

  #established(session: UpstreamSession): void {
    this.#options.log?.debug({ upstream: this.#owner.name }, 'connected');
    this.#sessions.add(session);
    session.http2.once('close', () => this.#sessions.delete(session));
    // It may have been sent away before we got here.
    if (session.http2.destroyed || session.http2.closed) {
      session.retire();
      return;
    }
    this.#ready.push(session);
    this.#pump();
  }

  #failQueue(message: string): void {
    this.#barren = 0;
    for (const call of [...this.#queue]) call.fail(this.#unavailable(message));
  }

  /** UNAVAILABLE for a call that the server has not seen. */
  #unavailable(message: string): CallReset {
    const { offlineCode } = this.#options;
    const code = offlineCode === undefined ? {} : { code: offlineCode };
    return { status: 14, message, refused: true, remote: false, ...code };
  }
}
