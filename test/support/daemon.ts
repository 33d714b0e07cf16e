import path from 'node:path';
import {
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  credentials,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  AppMessage,
  AppMessage_Type,
  MessengerServiceClient,
  UserMessage,
} from '../../src/gen/berty/messenger/v1/messenger.js';
import { DaemonServiceClient, type GetStatusResponse } from '../../src/gen/postern/daemon/v1/daemon.js';
import { ProtocolServiceClient } from '../../src/gen/weshnet/protocol/v1/protocol.js';
import {
  Group,
  type GroupMessageEvent,
  GroupMessageList_Request,
  type GroupMetadataEvent,
  GroupMetadataList_Request,
} from '../../src/gen/weshnet/protocol/v1/types.js';
import { checkoutRoot, type RunningProcess, startReady } from './processes.js';

const postern = path.join(checkoutRoot, 'bin/postern');

/** `postern daemon` as a process of its own, and a client of it. */
export class DaemonProcess {
  readonly process: RunningProcess;
  readonly protocol: ProtocolServiceClient;
  readonly messenger: MessengerServiceClient;
  readonly admin: DaemonServiceClient;

  private constructor(process: RunningProcess) {
    this.process = process;
    const address = String(process.ready.listen);
    this.protocol = new ProtocolServiceClient(address, credentials.createInsecure());
    this.messenger = new MessengerServiceClient(address, credentials.createInsecure());
    this.admin = new DaemonServiceClient(address, credentials.createInsecure());
  }

  /** Starts it in a data directory; peers try again soon. */
  static async start(
    data: string,
    extra: readonly string[] = [],
    listen = '127.0.0.1:0',
  ): Promise<DaemonProcess> {
    const times = ['--min-backoff', '20ms', '--max-backoff', '200ms', '--sync', '200ms', '--idle', '3s'];
    return new DaemonProcess(
      await startReady(postern, [
        ...['daemon', '--listen', listen, '--data', data, '--log-level', 'warn', '-o', 'json'],
        ...times,
        ...extra,
      ]),
    );
  }

  /** Where it takes peers. */
  get peerAddress(): string {
    const { peers } = this.process.ready;
    return Array.isArray(peers) ? String(peers[0]) : '';
  }

  get peerKey(): string {
    return String(this.process.ready.peerKey);
  }

  createGroup(): Promise<Buffer> {
    return unary(this.protocol, this.protocol.multiMemberGroupCreate, {}).then(({ groupPk }) =>
      Buffer.from(groupPk),
    );
  }

  async groupInfo(
    groupPk: Uint8Array,
  ): Promise<{ group: Group; memberPk: Uint8Array; devicePk: Uint8Array }> {
    const contactPk = Buffer.alloc(0);
    const info = await unary(this.protocol, this.protocol.groupInfo, {
      groupPk: Buffer.from(groupPk),
      contactPk,
    });
    return { ...info, group: Group.fromPartial(info.group ?? {}) };
  }

  async join(group: Group): Promise<void> {
    await unary(this.protocol, this.protocol.multiMemberGroupJoin, { group });
    await unary(this.protocol, this.protocol.activateGroup, { groupPk: group.publicKey, localOnly: false });
  }

  /** Sends text; gives the id of the event in hex. */
  async say(groupPk: Uint8Array, body: string): Promise<string> {
    const payload = Buffer.from(UserMessage.encode({ body }).finish());
    const message = AppMessage.fromPartial({ type: AppMessage_Type.TypeUserMessage, payload });
    const { cid } = await unary(this.protocol, this.protocol.appMessageSend, {
      groupPk: Buffer.from(groupPk),
      payload: Buffer.from(AppMessage.encode(message).finish()),
    });
    return Buffer.from(cid).toString('hex');
  }

  /** Messages that are there. */
  messages(groupPk: Uint8Array, more: ListBounds = {}): Promise<GroupMessageEvent[]> {
    const request = GroupMessageList_Request.fromPartial({
      groupPk: Buffer.from(groupPk),
      untilNow: true,
      ...more,
    });
    return all(this.protocol.groupMessageList(request));
  }

  metadata(groupPk: Uint8Array): Promise<GroupMetadataEvent[]> {
    const request = GroupMetadataList_Request.fromPartial({ groupPk: Buffer.from(groupPk), untilNow: true });
    return all(this.protocol.groupMetadataList(request));
  }

  status(): Promise<GetStatusResponse> {
    return unary(this.admin, this.admin.getStatus, {});
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    for (const client of [this.protocol, this.messenger, this.admin]) client.close();
    return this.process.stop(signal);
  }
}

/** Which messages to list. */
export type ListBounds = Parameters<typeof GroupMessageList_Request.fromPartial>[0];

/** The text of a message. */
export function textOf({ message }: GroupMessageEvent): string {
  return UserMessage.decode(AppMessage.decode(message).payload).body;
}

/** The id of an event in hex. */
export function eventId({ eventContext }: GroupMessageEvent | GroupMetadataEvent): string {
  return Buffer.from(eventContext?.id ?? []).toString('hex');
}

type Done<R> = (error: ServiceError | null, response: R) => void;

/** A unary method of a generated client. */
interface UnaryMethod<Q, R> {
  (request: Q, done: Done<R>): ClientUnaryCall;
  (request: Q, metadata: Metadata, done: Done<R>): ClientUnaryCall;
  (request: Q, metadata: Metadata, options: Partial<CallOptions>, done: Done<R>): ClientUnaryCall;
}

/** A unary call as a promise. */
export function unary<Q, R>(client: Client, method: UnaryMethod<Q, R>, request: Q): Promise<R> {
  return new Promise((resolve, reject) => {
    const done: Done<R> = (error, response) => (error === null ? resolve(response) : reject(error));
    Reflect.apply(method, client, [request, done]);
  });
}

/** All that a stream gives until it ends. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
