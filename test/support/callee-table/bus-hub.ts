import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { NatsConnection, Subscription } from 'nats';
import { loadOrCreateAuthority } from '../../../src/bus/authority.js';
import { createUserKey } from '../../../src/bus/nkeys.js';
import { Open, Reset, Sync, type Sync as SyncBody } from '../../../src/gen/postern/bus/v1/frame.js';
import { frameFlag, frameKind, headerBytes, writeHeader } from '../../../src/rpc/frame.js';
import type { Fleet } from '../fleet.js';
import { until } from '../nats.js';
import { rawClient } from '../raw-nats.js';

/** A frame that came from a callee. */
export interface CameFrame {
  readonly kind: number;
  readonly flags: number;
  readonly id: number;
  readonly offset: number;
  readonly body: Buffer;
}

/** The bytes of one frame. */
export function frameOf(
  kind: number,
  flags: number,
  id: number,
  offset = 0,
  body: Uint8Array | string = '',
): Buffer {
  const bytes = Buffer.from(body);
  const frame = Buffer.alloc(headerBytes + bytes.length);
  writeHeader(frame, 0, kind, flags, id, offset, bytes.length);
  bytes.copy(frame, headerBytes);
  return frame;
}

/** Stands where a hub stands on the bus, with a hub's rights, and says to one callee whatever it is told to. */
export class BusHub {
  /** All that came, in order. */
  readonly came: CameFrame[] = [];
  readonly #connection: NatsConnection;
  readonly #subscription: Subscription;
  readonly #subject: string;

  private constructor(connection: NatsConnection, node: string, instance: string, own: string) {
    this.#connection = connection;
    this.#subject = `postern.call.${node}.${instance}.hub.${own}`;
    this.#subscription = connection.subscribe(`postern.call.hub.${own}.${node}.${instance}`, {
      callback: (_error, message) => this.#hear(Buffer.from(message.data)),
    });
  }

  /** A hub that the callee has not heard of. */
  static meet(connection: NatsConnection, node: string, instance: string): BusHub {
    return new BusHub(connection, node, instance, `stand-in-${randomBytes(6).toString('hex')}`);
  }

  /** Sends frames, or other bytes, as one message. */
  send(...frames: readonly Uint8Array[]): void {
    this.#connection.publish(this.#subject, Buffer.concat(frames));
  }

  /** Opens a call of `/odd.Test/<method>`. */
  open(id: number, method: string, extra: readonly Uint8Array[] = []): void {
    this.send(openFrame(id, method), ...extra);
  }

  /** Frames of one call. */
  of(id: number, kind?: number): CameFrame[] {
    return this.came.filter((frame) => frame.id === id && (kind ?? frame.kind) === frame.kind);
  }

  /** Bytes of a response. */
  text(id: number): string {
    return Buffer.concat(this.of(id, frameKind.data).map(({ body }) => body)).toString();
  }

  /** Status of the RESET of a call; undefined: none came. */
  resetOf(id: number): { status: number; refused: boolean; flags: number } | undefined {
    const frame = this.of(id, frameKind.reset)[0];
    if (frame === undefined) return undefined;
    const { status, refused } = Reset.decode(frame.body);
    return { status, refused, flags: frame.flags };
  }

  /** Asks what the callee knows: resolves when its answer is there, and so is all that it said before. */
  async sync(body: Partial<SyncBody> = {}): Promise<SyncBody> {
    const before = this.of(0, frameKind.sync).length;
    this.send(frameOf(frameKind.sync, 0, 0, 0, Sync.encode(syncOf(body)).finish()));
    await until('SYNC is answered', () => this.of(0, frameKind.sync).length > before);
    return Sync.decode(this.of(0, frameKind.sync).at(-1)?.body ?? new Uint8Array());
  }

  /** Sends a PING and waits for its PONG: all messages before it have been heard then. */
  async ping(): Promise<void> {
    const body = randomBytes(8);
    body[0] = 0;
    this.send(frameOf(frameKind.ping, 0, 0, 0, body));
    await until('the ping is answered', () =>
      this.came.some((frame) => frame.kind === frameKind.pong && frame.body.equals(body)),
    );
  }

  /** Hears no more. */
  leave(): void {
    this.#subscription.unsubscribe();
  }

  #hear(message: Buffer): void {
    for (let at = 0; at < message.length; ) {
      const length = message.readUInt32BE(at + 16);
      const end = at + headerBytes + length;
      this.came.push({
        kind: message.readUInt8(at),
        flags: message.readUInt8(at + 1),
        id: message.readUInt32BE(at + 4),
        offset: Number(message.readBigUInt64BE(at + 8)),
        body: message.subarray(at + headerBytes, end),
      });
      at = end;
    }
  }
}

/** A connection to the bus of a fleet with a hub's rights. */
export async function connectAsHub(fleet: Fleet, url: string): Promise<NatsConnection> {
  const authority = await loadOrCreateAuthority(path.join(fleet.dir, 'hub', 'keys'));
  const { publicKey, seed } = createUserKey();
  const identity = { role: 'hub', publicKey } as const;
  const jwt = await authority.mint({ identity, name: 'stand-in', ttlSeconds: 600 });
  return rawClient({ server: { url } }, { jwt, seed });
}

/** An OPEN of `/odd.Test/<method>`; the call names itself `x-call: bus-<id>`. */
export function openFrame(id: number, method: string): Buffer {
  const open = Open.fromPartial({
    path: `/odd.Test/${method}`,
    metadata: ['content-type', 'application/grpc', 'x-call', `bus-${id}`],
    window: 262_144,
  });
  return frameOf(frameKind.open, frameFlag.fromCaller, id, 0, Open.encode(open).finish());
}

/** A SYNC that asks for an answer and grants the window of a process that has heard nothing yet. */
export function syncOf(body: Partial<SyncBody>): SyncBody {
  return Sync.fromPartial({ peerGranted: 16_777_216, answer: true, ...body });
}
