import { status } from '@grpc/grpc-js';
import type { DaemonIdentity } from '../../../../machines/daemon.js';
import { PosternError } from '../../../errors.js';
import {
  AppMessage_Type,
  BertyLink,
  BertyLink_Kind,
  Interact_Reply,
  Interact_Request,
  ShareableBertyGroup_Reply,
  ShareableBertyGroup_Request,
  UserMessage,
} from '../../../gen/berty/messenger/v1/messenger.js';
import {
  ActivateGroup_Reply,
  ActivateGroup_Request,
  GroupInfo_Reply,
  GroupInfo_Request,
  MultiMemberGroupCreate_Reply,
  MultiMemberGroupCreate_Request,
  MultiMemberGroupJoin_Reply,
  MultiMemberGroupJoin_Request,
  ServiceGetConfiguration_Reply,
  ServiceGetConfiguration_Request,
} from '../../../gen/weshnet/protocol/v1/types.js';
import type {
  Capabilities,
  DaemonAdapter,
  GroupRef,
  Image,
  Member,
  Receipt,
  ReceiptSink,
  Receiving,
  SendOutcome,
} from '../adapter.js';
import { Arrivals } from '../arrivals.js';
import { sendOutcome } from '../send-outcome.js';
import { isAcquainted } from './acquainted.js';
import { Channel, daemonError, isServiceError, type MessageType } from './channel.js';
import { type Dialect, dialects, messengerService } from './dialect.js';
import { listEvents } from './events.js';
import { knowsMedia, prepareMedia } from './media.js';
import { awaitReady } from './ready.js';
import { BertyReceiving } from './receiving.js';
import { BertyServiceTokens } from './service-tokens.js';

/** Speaks to Berty's daemon, in the versions that `dialects` names, and to what serves the same. */
export class BertyAdapter implements DaemonAdapter {
  readonly serviceTokens: BertyServiceTokens;
  readonly #channel: Channel;
  #dialect: Dialect | undefined;
  #media = false;

  /** `address`: where the daemon's gRPC listens, `HOST:PORT`. */
  constructor(address: string) {
    this.#channel = new Channel(address);
    this.serviceTokens = new BertyServiceTokens(this.#channel, () => this.#service);
  }

  get capabilities(): Capabilities {
    return { groups: true, media: this.#media };
  }

  async identify(signal: AbortSignal): Promise<DaemonIdentity> {
    for (const dialect of dialects) {
      const path = `/${dialect.service}/${dialect.configuration}`;
      try {
        const asked = { type: ServiceGetConfiguration_Request, request: {} };
        const { peerId } = await this.#channel.unary(path, asked, ServiceGetConfiguration_Reply, signal);
        this.#media = dialect.mayKnowMedia && (await knowsMedia(this.#channel, signal));
        this.#dialect = dialect;
        return { dialect: dialect.name, peer: peerId };
      } catch (thrown) {
        if (isServiceError(thrown) && thrown.code === status.UNIMPLEMENTED) continue;
        throw daemonError(thrown, this.#channel.address, 'did not say what it is');
      }
    }
    throw new PosternError('DAEMON_UNKNOWN', `what listens at ${this.#channel.address} is no Berty daemon`, {
      hint: 'it serves no ProtocolService that is known; use the adapter grpc for other servers',
    });
  }

  async createGroup(signal: AbortSignal): Promise<GroupRef> {
    const { groupPk } = await this.#unary(
      this.#path('MultiMemberGroupCreate'),
      { type: MultiMemberGroupCreate_Request, request: {} },
      MultiMemberGroupCreate_Reply,
      signal,
    );
    return { id: groupPk.toString('base64url') };
  }

  async invite(group: GroupRef, name: string, signal: AbortSignal): Promise<Uint8Array> {
    const request = { groupPk: keyOf(group), groupName: name };
    const { link } = await this.#unary(
      `/${messengerService}/ShareableBertyGroup`,
      { type: ShareableBertyGroup_Request, request },
      ShareableBertyGroup_Reply,
      signal,
    );
    if (link === undefined) {
      throw new PosternError('DAEMON_REFUSED', `the daemon at ${this.#channel.address} made no invitation`);
    }
    return BertyLink.encode(link).finish();
  }

  async join(invite: Uint8Array, signal: AbortSignal): Promise<GroupRef> {
    const group = groupOf(invite);
    const groupPk = group.publicKey;
    try {
      await this.#unary(
        this.#path('MultiMemberGroupJoin'),
        { type: MultiMemberGroupJoin_Request, request: { group } },
        MultiMemberGroupJoin_Reply,
        signal,
      );
    } catch (thrown) {
      // Whoever is a member already cannot join again, and need not.
      const ref = { id: groupPk.toString('base64url') };
      await this.membership(ref, signal).catch(() => {
        throw thrown;
      });
    }
    const request = { groupPk, localOnly: false };
    await this.#unary(
      this.#path('ActivateGroup'),
      { type: ActivateGroup_Request, request },
      ActivateGroup_Reply,
      signal,
    );
    return { id: groupPk.toString('base64url') };
  }

  async membership(group: GroupRef, signal: AbortSignal): Promise<Member> {
    const request = { groupPk: keyOf(group), contactPk: Buffer.alloc(0) };
    const info = await this.#unary(
      this.#path('GroupInfo'),
      { type: GroupInfo_Request, request },
      GroupInfo_Reply,
      signal,
    );
    return { member: info.memberPk.toString('base64url'), device: info.devicePk.toString('base64url') };
  }

  async ready(group: GroupRef, writer: Member, signal: AbortSignal): Promise<void> {
    const reader = await this.membership(group, signal);
    await awaitReady(this.#channel, this.#path('GroupMetadataList'), { group, writer, reader }, signal);
  }

  async acquainted(group: GroupRef, others: number, signal: AbortSignal): Promise<boolean> {
    const reader = await this.membership(group, signal);
    return isAcquainted(this.#channel, this.#path('GroupMetadataList'), { group, reader, others }, signal);
  }

  send(group: GroupRef, body: Uint8Array, signal: AbortSignal): Promise<SendOutcome> {
    return this.#interact(group, { body: Buffer.from(body).toString('utf8'), mediaCids: [] }, signal);
  }

  async sendImage(group: GroupRef, image: Image, signal: AbortSignal): Promise<SendOutcome> {
    if (!this.#media) {
      const message = 'the daemon sends no images';
      return { outcome: 'fail', code: 'UNSUPPORTED', message, wasOffered: false };
    }
    let cid: string;
    try {
      cid = await prepareMedia(this.#channel, image, signal);
    } catch (thrown) {
      const ended = this.#ended(thrown, 'did not take a file');
      // Unless the daemon said no to the file: whatever became of that, the message was not sent.
      return ended.outcome === 'info' ? { ...ended, outcome: 'fail', wasOffered: false } : ended;
    }
    return this.#interact(group, { body: '', mediaCids: [cid] }, signal);
  }

  async #interact(
    group: GroupRef,
    { body, mediaCids }: { readonly body: string; readonly mediaCids: string[] },
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const payload = Buffer.from(UserMessage.encode({ body }).finish());
    const request = {
      type: AppMessage_Type.TypeUserMessage,
      payload,
      conversationPublicKey: group.id,
      mediaCids,
      targetCid: '',
      metadata: false,
    };
    const path = `/${messengerService}/Interact`;
    try {
      const asked = { type: Interact_Request, request };
      const { cid } = await this.#channel.unary(path, asked, Interact_Reply, signal);
      return { outcome: 'ok', id: cid };
    } catch (thrown) {
      return this.#ended(thrown, 'did not take a message');
    }
  }

  /** What became of a message by how its call failed; `what` as `daemonError` takes it. */
  #ended(thrown: unknown, what: string): SendOutcome {
    const { message } = daemonError(thrown, this.#channel.address, what);
    const end = isServiceError(thrown) ? thrown : { code: status.UNKNOWN, details: '' };
    return sendOutcome(end.code, end.details, message);
  }

  receive(group: GroupRef, sink: ReceiptSink, known: Iterable<string> = []): Receiving {
    return new BertyReceiving({
      channel: this.#channel,
      path: () => this.#path('GroupMessageList'),
      group,
      sink,
      known,
    });
  }

  async *read(group: GroupRef, signal: AbortSignal): AsyncIterable<Receipt> {
    const arrivals = new Arrivals();
    const listed = listEvents(
      this.#channel,
      this.#path('GroupMessageList'),
      group,
      { untilNow: true, files: true },
      signal,
    );
    for await (const event of listed) yield { ...event, how: arrivals.came(event.event), atMs: Date.now() };
  }

  close(): void {
    this.#channel.close();
  }

  async #unary<Q, A>(
    path: string,
    asked: { readonly type: MessageType<Q>; readonly request: Q },
    answer: MessageType<A>,
    signal: AbortSignal,
  ): Promise<A> {
    try {
      return await this.#channel.unary(path, asked, answer, signal);
    } catch (thrown) {
      throw daemonError(thrown, this.#channel.address, `refused ${path}`);
    }
  }

  #path(method: string): string {
    return `/${this.#service}/${method}`;
  }

  /** Full name of the service that has the groups. */
  get #service(): string {
    return (this.#dialect ?? dialects[0]).service;
  }
}

/** The key of a group. Throws `GROUP_INVALID`. */
function keyOf(group: GroupRef): Buffer {
  const key = Buffer.from(group.id, 'base64url');
  if (key.length > 0) return key;
  throw new PosternError('GROUP_INVALID', `${JSON.stringify(group.id)} names no group`);
}

/** Key of the group that an invitation leads to, base64 for URLs. Throws `INVITE_INVALID`. */
export function invitedGroup(invite: Uint8Array): string {
  return groupOf(invite).publicKey.toString('base64url');
}

/** The group that an invitation leads to. Throws `INVITE_INVALID`. */
function groupOf(invite: Uint8Array) {
  const invalid = (why: string) =>
    new PosternError('INVITE_INVALID', `this is no invitation to a group: ${why}`);
  let link: BertyLink;
  try {
    link = BertyLink.decode(invite);
  } catch {
    throw invalid('it cannot be read');
  }
  const group = link.bertyGroup?.group;
  if (link.kind !== BertyLink_Kind.GroupV1Kind || group === undefined)
    throw invalid('it leads to something else');
  if (group.publicKey.length === 0 || group.secret.length === 0) throw invalid('it has no keys');
  return group;
}
