import { errorText, PosternError } from '../../errors.js';
import {
  AppMessage,
  AppMessage_Type,
  type Media,
  type MessengerServiceServer,
  UserMessage,
} from '../../gen/berty/messenger/v1/messenger.js';
import { cidOf, cidText } from '../group/cid.js';
import { decoded } from '../group/metadata.js';
import { conversationOf, groupOfConversation, groupOfLink, linkTo } from './links.js';
import { mediaMethods } from './media-methods.js';
import type { Parts } from './parts.js';
import { argumentInvalid, type Calls } from './status.js';
import { replicaOf, replicate, replicationType, type tokenMethods } from './token-methods.js';

/** `berty.messenger.v1.MessengerService`. */
export function messengerService(
  parts: Parts,
  calls: Calls,
  tokens: ReturnType<typeof tokenMethods>,
): MessengerServiceServer {
  const { groups, sender, log } = parts;
  const replicateEverywhere = (groupPk: Uint8Array): void => {
    if (!parts.tokens.autoReplicate) return;
    for (const token of parts.tokens
      .all()
      .filter(({ services }) => services.some(({ type }) => type === replicationType))) {
      replicate(parts, groupPk, replicaOf(token)).catch((thrown: unknown) =>
        log.warn({ reason: errorText(thrown) }, 'a new conversation is not replicated'),
      );
    }
  };
  return {
    interact: calls.unary(async (request) => {
      const { type, payload, targetCid, conversationPublicKey, metadata, mediaCids } = request;
      if (metadata) throw new PosternError('UNSUPPORTED', 'metadata: this daemon sends messages only');
      if (type === AppMessage_Type.Undefined) throw argumentInvalid('type is missing');
      checkUserMessage(type, payload);
      const group = groups.live(groupOfConversation(conversationPublicKey));
      const medias = await mediasOf(parts, mediaCids);
      const message = AppMessage.fromPartial({ type, payload, targetCid, sentDate: Date.now(), medias });
      const hash = await sender.send(group, AppMessage.encode(message).finish());
      parts.media?.sent(mediaCids, group, hash);
      return { cid: cidText(cidOf(hash)) };
    }),
    shareableBertyGroup: calls.unary(({ groupPk, groupName }) => {
      const { keys, displayName } = groups.get(groupPk).record;
      if (keys.member === undefined) throw new PosternError('NOT_A_MEMBER', 'only members can invite');
      return linkTo(keys, groupName || displayName);
    }),
    conversationCreate: calls.unary(async ({ displayName, contactsToInvite }) => {
      if (contactsToInvite.length > 0)
        throw argumentInvalid('contacts_to_invite: this daemon has no contacts');
      const { keys } = await groups.create(displayName);
      replicateEverywhere(keys.publicKey);
      return { publicKey: conversationOf(keys.publicKey) };
    }),
    conversationJoin: calls.unary(async ({ link, passphrase }) => {
      if (passphrase.length > 0)
        throw new PosternError('UNSUPPORTED', 'passphrase: there are no encrypted invitations here');
      const { group, displayName } = groupOfLink(link);
      if (group === undefined) throw argumentInvalid('link is no invitation to a group');
      const { keys } = await groups.join(group, displayName);
      await groups.activate(keys.publicKey, false);
      replicateEverywhere(keys.publicKey);
      return {};
    }),
    ...mediaMethods(parts, calls),
    authServiceInitFlow: tokens.authServiceInitFlow,
    authServiceCompleteFlow: tokens.authServiceCompleteFlow,
    servicesTokenList: tokens.messengerTokens,
    debugAuthServiceSetToken: tokens.debugAuthServiceSetToken,
    replicationServiceRegisterGroup: calls.unary(async ({ tokenId, conversationPublicKey }) => {
      const replica = replicaOf(parts.tokens.get(tokenId));
      await replicate(parts, groupOfConversation(conversationPublicKey), replica);
      return {};
    }),
    replicationSetAutoEnable: calls.unary(async ({ enabled }) => {
      await parts.tokens.setAutoReplicate(enabled);
      return {};
    }),
  };
}

/** The files of a message, as they are stored with it. */
async function mediasOf({ media }: Parts, cids: readonly string[]): Promise<Media[]> {
  if (cids.length === 0) return [];
  if (media === undefined)
    throw new PosternError('UNSUPPORTED', 'media_cids: this form of the daemon knows no files');
  const files = await Promise.all([...new Set(cids)].map((cid) => media.file(cid)));
  return files.map(({ info, content }) => ({ ...info, content }));
}

/** The text of a user message; those that begin with `/dd` are commands for debugging, which are not taken here. */
function checkUserMessage(type: AppMessage['type'], payload: Uint8Array): void {
  if (type !== AppMessage_Type.TypeUserMessage) return;
  const message = decoded(() => UserMessage.decode(payload));
  if (message === undefined) throw argumentInvalid('payload is no UserMessage');
  if (message.body.startsWith('/dd'))
    throw argumentInvalid("body begins with '/dd': a command for debugging");
}
