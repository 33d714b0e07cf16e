import assert from 'node:assert/strict';
import { createLogger } from '../../src/log.js';
import { Exchange } from '../../src/rpc/exchange.js';
import type { ExchangePort, PeerAddress } from '../../src/rpc/exchange-port.js';
import { FrameCursor, frameKind } from '../../src/rpc/frame.js';
import type { ExchangeLimits } from '../../src/rpc/limits.js';

export const log = createLogger('silent');

/** A frame as it passed on the bus. */
export interface SeenFrame {
  readonly kind: number;
  readonly flags: number;
  readonly id: number;
  readonly offset: number;
  readonly body: Buffer;
}

/** A message as it passed on the bus. */
export interface SeenMessage {
  readonly from: PeerAddress;
  readonly to: PeerAddress;
  readonly frames: readonly SeenFrame[];
  /** 0: the sender does not ask whether anybody listens. */
  readonly ticket: number;
}

/** The frames of a message. */
export function framesOf(message: Uint8Array): SeenFrame[] {
  const cursor = new FrameCursor();
  cursor.start(message);
  const frames: SeenFrame[] = [];
  while (cursor.next()) {
    const { kind, flags, id, offset } = cursor;
    frames.push({ kind, flags, id, offset, body: Buffer.from(cursor.body()) });
  }
  assert.equal(cursor.broken, false, 'an exchange sent a broken message');
  return frames;
}

/** A bus in memory: messages come later, in order per pair, and may be lost. */
export class MemoryBus {
  readonly #members = new Map<string, { exchange: Exchange; port: MemoryPort }>();
  readonly messages: SeenMessage[] = [];
  /** Which messages are lost. */
  lose: (message: SeenMessage) => boolean = () => false;
  maxMessageBytes = 1 << 20;
  #inFlight = 0;
  /** Frames are kept in `messages`. */
  keep = true;

  /** A process on this bus. */
  join(name: string, instance: string, limits: Partial<ExchangeLimits> = {}, firstCallId = 1): Member {
    const self = { name, instance };
    const port = new MemoryPort(this, self);
    const exchange = new Exchange({ self, port, log, limits: { sweepMs: 20, ...limits }, firstCallId });
    this.#members.set(keyOf(self), { exchange, port });
    return { self, exchange, port };
  }

  leave(self: PeerAddress): void {
    this.#members.delete(keyOf(self));
  }

  send(from: PeerAddress, to: PeerAddress, message: Uint8Array, ticket: number): void {
    assert.ok(message.length <= this.maxMessageBytes, 'a message is larger than the bus takes');
    const copy = Buffer.from(message);
    const seen = { from, to, frames: this.keep ? framesOf(copy) : [], ticket };
    if (this.keep) this.messages.push(seen);
    if (this.lose(seen)) return;
    this.#inFlight++;
    setImmediate(() => {
      this.#inFlight--;
      assert.ok(copy.equals(message), 'a message was changed after it was sent');
      const member = this.#members.get(keyOf(to));
      if (member?.port.connected) member.exchange.receive(from, copy);
      else if (ticket > 0) this.#members.get(keyOf(from))?.exchange.noResponders(to, ticket);
    });
  }

  /** Nothing is on its way. */
  get quiet(): boolean {
    return this.#inFlight === 0;
  }

  /** Forgets the messages seen so far. */
  clear(): void {
    this.messages.length = 0;
  }

  /** Names of the kinds of all frames seen, by sender. */
  kinds(from: PeerAddress): string[] {
    return this.messages
      .filter((message) => message.from === from)
      .flatMap((message) => message.frames.map((frame) => kindName(frame.kind)));
  }
}

export interface Member {
  readonly self: PeerAddress;
  readonly exchange: Exchange;
  readonly port: MemoryPort;
}

export class MemoryPort implements ExchangePort {
  connected = true;
  readonly #bus: MemoryBus;
  readonly #self: PeerAddress;

  constructor(bus: MemoryBus, self: PeerAddress) {
    this.#bus = bus;
    this.#self = self;
  }

  get maxMessageBytes(): number {
    return this.#bus.maxMessageBytes;
  }

  send(to: PeerAddress, message: Uint8Array, ticket: number): void {
    if (this.connected) this.#bus.send(this.#self, to, message, ticket);
  }
}

export function kindName(kind: number): string {
  return Object.entries(frameKind).find(([, value]) => value === kind)?.[0] ?? String(kind);
}

function keyOf(address: PeerAddress): string {
  return `${address.name}.${address.instance}`;
}
